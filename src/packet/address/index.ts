/** Text forms of MAC, IPv4 and IPv6 addresses. Imports errors only. */
export { formatIpv4, IPV4_LENGTH, parseIpv4 } from "./ipv4-address.js";
export { formatIpv6, IPV6_LENGTH, parseIpv6 } from "./ipv6-address.js";
export { formatMac, MAC_LENGTH, parseMac } from "./mac-address.js";
