/** What has arrived of a run: nothing doubles, and the order means nothing. */
export {};
