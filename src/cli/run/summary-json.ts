import { mapTypeName, programTypeName } from "../../uapi/index.js";
import type { RedirectTarget } from "../../vm/index.js";
import type { Json } from "../show/json.js";
import { elementJson } from "../show/map-element.js";
import { valueJson } from "../show/shown-value.js";
import type { Hook } from "./hook.js";
import type { MapChanges } from "./map-changes.js";
import { SKB_ANSWERS } from "./outcome.js";
import { verdictText } from "./outcome-text.js";
import type { PacketGroup } from "./packet-group.js";
import type { RunReport } from "./run-report.js";

type JsonObject = { readonly [name: string]: Json | undefined };

/** What sets a group apart. */
export function groupJson(hook: Hook, group: PacketGroup): JsonObject {
  if (group.refusal !== undefined) return { verdict: null, refusal: group.refusal };
  const { trap } = group;
  return {
    verdict: verdictText(hook, group),
    retval: group.invalid ?? (hook.verdictType === undefined ? undefined : group.verdict),
    changed: group.isRest ? undefined : group.isChanged,
    growth: group.isRest ? undefined : group.growth,
    metadataLength: group.metadataLength > 0 ? group.metadataLength : undefined,
    ...Object.fromEntries(SKB_ANSWERS.map(([name], i) => [name, group.answers[i] || undefined])),
    redirect: hook.isRedirect(group.verdict) && !group.isRest ? targetJson(group.redirect) : undefined,
    trap:
      trap === undefined
        ? undefined
        : {
            kind: trap.kind,
            message: trap.message,
            program: trap.program,
            slot: trap.slot,
            source: trap.source,
          },
  };
}

function targetJson(target: RedirectTarget): Json {
  switch (target.kind) {
    case "none":
      return null;
    case "map":
      return { map: target.map.name, key: target.key, flags: target.flags };
    case "device":
      return { ifindex: target.ifindex, flags: target.flags };
    default:
      return { [target.kind]: target.ifindex };
  }
}

/** The summary as one JSON object; `mapLimit` is how many elements of a map are in it. */
export function summaryJson(report: RunReport, mapLimit: number): JsonObject {
  const { hook, program, result, trace } = report;
  return {
    kernel: report.kernel,
    object: report.object,
    program: program.name,
    programType: programTypeName(program.type),
    section: program.section,
    capture: report.capture,
    filter: report.filter ?? null,
    interrupted: report.isInterrupted,
    packets: { read: result.read, run: result.run, cut: result.cut },
    groups: result.groups.sorted().map((group) => ({
      ...groupJson(hook, group),
      packets: group.packets,
      bytes: group.bytes,
      first: group.first,
      sample: group.sample,
    })),
    maps: report.maps.map((changes) => mapJson(changes, mapLimit)),
    events: report.events.map(({ map, records, bytes, lost }) => ({ map, records, bytes, lost })),
    trace: { lines: trace.count, first: trace.first.map(({ packet, text }) => ({ packet, text })) },
    copies: report.copies,
    output: report.output === undefined ? null : { file: report.output.name, packets: report.output.packets },
    error: result.failure instanceof Error ? result.failure.message : null,
  };
}

function mapJson({ map, shower, changes, entries }: MapChanges, limit: number): Json {
  return {
    name: map.name,
    type: mapTypeName(map.raw.type),
    maxEntries: map.spec.maxEntries,
    entries,
    changed: changes.slice(0, limit).map(({ key, before, after }) => ({
      key: valueJson(shower.key(key)),
      ...(after === undefined ? { value: null } : elementJson(shower.value(after))),
      was: before === undefined ? null : elementJson(shower.value(before)).value,
    })),
    omitted: Math.max(0, changes.length - limit),
  };
}
