/** The time axis steps seldom, and its ticks are numbers that a person would choose. */
export {};
