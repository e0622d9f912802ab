/** What is counted over time: by hand where that is possible, and against a slower way. */
export {};
