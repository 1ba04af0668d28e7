/** The network around programs: devices, routes, rules and neighbours. Imports `vm/`, `uapi/` and errors. */
export { type Device, type DeviceAddress, Scope } from "./device.js";
export type { Neighbour } from "./neighbour.js";
export type { PolicyRule } from "./policy-rule.js";
export type { Prefix } from "./prefix.js";
export { type NextHop, type Route, type RouteType, Table } from "./route.js";
export { Routing } from "./routing.js";
