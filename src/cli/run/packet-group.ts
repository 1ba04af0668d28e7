import type { RedirectTarget } from "../../vm/index.js";
import { type Hook, INVALID } from "./hook.js";
import { isSameTarget, type Outcome, SKB_ANSWERS } from "./outcome.js";

/** Numbers of a group's first packets that are kept. */
const FIRST = 3;

/** Packets with the same outcome. */
export class PacketGroup {
  readonly verdict: number;
  /** What the program returned where that is no verdict. */
  readonly invalid: number | undefined;
  readonly isChanged: boolean;
  readonly growth: number;
  readonly metadataLength: number;
  readonly answers: readonly number[];
  readonly redirect: RedirectTarget;
  readonly trap: Outcome["trap"];
  readonly refusal: string | undefined;
  /** What sets the group apart beside its verdict was left out: there were too many different ones. */
  readonly isRest: boolean;
  packets = 0;
  /** Bytes of the packets as they came, those included that the capture cut off. */
  bytes = 0;
  readonly first: number[] = [];
  /** The first packet, in one line. */
  sample = "";

  constructor(hook: Hook, outcome: Outcome, isRest: boolean) {
    this.verdict = hook.verdictOf(outcome.retval);
    this.invalid = this.verdict === INVALID ? outcome.retval : undefined;
    this.refusal = outcome.refusal;
    this.isRest = isRest;
    this.isChanged = outcome.isChanged;
    this.growth = outcome.growth;
    this.metadataLength = outcome.metadataLength;
    this.answers = [...outcome.answers];
    this.redirect = outcome.redirect;
    this.trap = outcome.trap;
  }

  holds(hook: Hook, outcome: Outcome): boolean {
    if (this.verdict !== hook.verdictOf(outcome.retval) || this.refusal !== outcome.refusal) return false;
    if (this.isRest) return true;
    if (this.invalid !== undefined && this.invalid !== outcome.retval) return false;
    if (this.isChanged !== outcome.isChanged || this.growth !== outcome.growth) return false;
    if (this.metadataLength !== outcome.metadataLength) return false;
    if (this.trap?.kind !== outcome.trap?.kind || this.trap?.slot !== outcome.trap?.slot) return false;
    for (let i = 0; i < SKB_ANSWERS.length; i++) if (this.answers[i] !== outcome.answers[i]) return false;
    return isSameTarget(this.redirect, outcome.redirect);
  }

  add(number: number, length: number): void {
    this.packets++;
    this.bytes += length;
    if (this.first.length < FIRST) this.first.push(number);
  }
}

/** Outcomes that are told apart; a program may give every packet another mark. */
const MAX_GROUPS = 48;

/** Packets by outcome: the few groups that a program makes are found by looking at each. */
export class PacketGroups {
  readonly #hook: Hook;
  readonly #groups: PacketGroup[] = [];

  constructor(hook: Hook) {
    this.#hook = hook;
  }

  /** The group that an outcome belongs to. */
  groupOf(outcome: Outcome): PacketGroup {
    const groups = this.#groups;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i];
      if (!group.holds(this.#hook, outcome)) continue;
      // Towards the front, so that frequent outcomes are found first.
      if (i > 0) {
        groups[i] = groups[i - 1];
        groups[i - 1] = group;
      }
      return group;
    }
    const group = new PacketGroup(this.#hook, outcome, groups.length >= MAX_GROUPS);
    groups.push(group);
    return group;
  }

  /** By verdict, the most frequent first; within one, by packets. */
  sorted(): PacketGroup[] {
    const totals = new Map<string, number>();
    const keyOf = (group: PacketGroup) => `${group.refusal ?? ""} ${group.verdict}`;
    for (const group of this.#groups) {
      totals.set(keyOf(group), (totals.get(keyOf(group)) ?? 0) + group.packets);
    }
    return [...this.#groups].sort(
      (a, b) =>
        totals.get(keyOf(b))! - totals.get(keyOf(a))! ||
        keyOf(a).localeCompare(keyOf(b)) ||
        b.packets - a.packets ||
        a.first[0] - b.first[0],
    );
  }
}
