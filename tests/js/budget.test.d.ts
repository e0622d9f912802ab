/** The page runs on the machine that is being measured: its scripts stay small. */
export {};
