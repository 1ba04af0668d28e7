import { RedirectMap } from "../../maps/index.js";
import { MapType } from "../../uapi/index.js";
import type { RedirectTarget } from "../../vm/index.js";
import { counted } from "../show/number.js";
import type { Hook } from "./hook.js";
import { SKB_ANSWERS } from "./outcome.js";
import type { PacketGroup } from "./packet-group.js";

const F_INGRESS = 1;
const F_BROADCAST = 1 << 3;

/** "XDP_DROP", or that the program was not run. */
export function verdictText(hook: Hook, group: PacketGroup): string {
  return group.refusal === undefined ? hook.nameOf(group.verdict) : "not run";
}

/** What sets a group apart beside its verdict, as phrases; none where there is nothing to say. */
export function outcomeDetails(hook: Hook, group: PacketGroup): string[] {
  if (group.refusal !== undefined) return [group.refusal];
  const details: string[] = [];
  if (group.isRest) return ["other changes and targets"];
  const { trap, growth, invalid } = group;
  if (invalid !== undefined) details.push(`returned ${invalid}, taken as ${hook.invalidIs}`);
  if (trap !== undefined) {
    const where = trap.source ?? `${trap.program}, instruction ${trap.slot}`;
    details.push(`trap at ${where}: ${trap.kind}: ${trap.message}`);
  }
  if (hook.isRedirect(group.verdict)) details.push(targetText(group.redirect));
  if (growth !== 0) details.push(`${counted(Math.abs(growth), "byte")} ${growth > 0 ? "longer" : "shorter"}`);
  else if (group.isChanged) details.push("changed");
  if (group.metadataLength > 0) details.push(`${counted(group.metadataLength, "byte")} of metadata`);
  SKB_ANSWERS.forEach(([name], i) => {
    if (group.answers[i] !== 0) details.push(`${name} 0x${group.answers[i].toString(16)}`);
  });
  return details;
}

/** "to ifindex 3". */
export function targetText(target: RedirectTarget): string {
  switch (target.kind) {
    case "none":
      return "to nowhere: no redirect helper was called";
    case "device":
      return `to ifindex ${target.ifindex}${(target.flags & F_INGRESS) !== 0 ? ", ingress" : ""}`;
    case "peer":
      return `to the peer of ifindex ${target.ifindex}`;
    case "neighbour":
      return `to a neighbour on ifindex ${target.ifindex}`;
    default:
      return mapTargetText(target);
  }
}

function mapTargetText({ map, key, flags }: Extract<RedirectTarget, { kind: "map" }>): string {
  if ((flags & F_BROADCAST) !== 0) return `to all devices of ${map.name}`;
  const entry = map instanceof RedirectMap ? map.target(key) : undefined;
  const place = `${map.name}[${key}]`;
  switch (map.type) {
    case MapType.Cpumap:
      return `to CPU ${key} (${place})`;
    case MapType.Xskmap:
      return `to the AF_XDP socket ${place}`;
    default:
      return entry === undefined ? `to ${place}` : `to ifindex ${entry.value} (${place})`;
  }
}
