import type { BpfMap } from "../maps/index.js";

/** Where a packet goes that is redirected. */
export type RedirectTarget =
  | { readonly kind: "none" }
  /** bpf_redirect: out of a device, or into it with BPF_F_INGRESS (TC only). */
  | { readonly kind: "device"; readonly ifindex: number; readonly flags: number }
  /** bpf_redirect_map: an entry of a DEVMAP, DEVMAP_HASH, CPUMAP or XSKMAP, or all of them. */
  | { readonly kind: "map"; readonly map: BpfMap; readonly key: number; readonly flags: number }
  /** bpf_redirect_peer: into the device at the other end, in its network namespace. */
  | { readonly kind: "peer"; readonly ifindex: number }
  /** bpf_redirect_neigh: out of a device, the neighbour's address filled in; struct bpf_redir_neigh. */
  | { readonly kind: "neighbour"; readonly ifindex: number; readonly nexthop: Uint8Array | undefined };

const NONE: RedirectTarget = { kind: "none" };

/** The last redirect that a program asked for; it counts only if the program's verdict is REDIRECT. */
export class RedirectInfo {
  target: RedirectTarget = NONE;

  reset(): void {
    this.target = NONE;
  }
}
