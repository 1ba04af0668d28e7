/** The kernel's helper functions: ids, names and C declarations. Imports nothing. */
export { type Helper, helperById, helperByName, helpers } from "./helper.js";
