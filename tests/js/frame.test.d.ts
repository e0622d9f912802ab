/** The wire, by the golden frames that Python wrote and by bytes that are none. */
export {};
