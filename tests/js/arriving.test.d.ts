/** What arrives when: sequence numbers, the engine's clock, and words for numbers. */
export {};
