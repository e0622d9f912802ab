/** Where things stand on a chart. */
export {};
