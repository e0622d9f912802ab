/** Response times in bins: against sorting, to within half a percent. */
export {};
