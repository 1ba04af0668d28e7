/** The network around programs: devices, routes and neighbours. Imports `vm/`, `uapi/` and errors. */
export { type Device, type Neighbour, type Route, type RouteType, Routing } from "./routing.js";
