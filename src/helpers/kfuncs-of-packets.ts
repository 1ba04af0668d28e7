import { ProgramType } from "../uapi/index.js";
import type { KfuncGroup } from "./kfunc.js";

/** Kfuncs of the network: packets, connections, encryption. */
export const kfuncsOfPackets: readonly KfuncGroup[] = [
  {
    // net/core/filter.c, bpf_kfunc_set_skb
    types: [ProgramType.SocketFilter, ProgramType.SchedCls, ProgramType.SchedAct, ProgramType.CgroupSkb],
    rows: [
      [
        "6.4",
        "int bpf_dynptr_from_skb(struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit)",
        "TRUSTED_ARGS",
      ],
    ],
  },
  {
    // net/core/filter.c, bpf_kfunc_set_skb_meta
    types: [ProgramType.SchedCls, ProgramType.SchedAct],
    rows: [
      [
        "6.18",
        "int bpf_dynptr_from_skb_meta(struct __sk_buff *skb_, u64 flags, struct bpf_dynptr *ptr__uninit)",
        "TRUSTED_ARGS",
      ],
    ],
  },
  {
    // kernel/bpf/crypto.c, crypt_kfunc_btf_ids
    types: [ProgramType.SchedCls, ProgramType.SchedAct, ProgramType.Xdp],
    rows: [
      [
        "6.10",
        "int bpf_crypto_decrypt(struct bpf_crypto_ctx *ctx, const struct bpf_dynptr *src, const struct bpf_dynptr *dst, const struct bpf_dynptr *siv__nullable)",
        "RCU",
      ],
      [
        "6.10",
        "int bpf_crypto_encrypt(struct bpf_crypto_ctx *ctx, const struct bpf_dynptr *src, const struct bpf_dynptr *dst, const struct bpf_dynptr *siv__nullable)",
        "RCU",
      ],
    ],
  },
  {
    // net/netfilter/nf_conntrack_bpf.c and nf_nat_bpf.c
    types: [ProgramType.SchedCls, ProgramType.Xdp],
    rows: [
      ["6.0", "int bpf_ct_change_status(struct nf_conn *nfct, u32 status)", "TRUSTED_ARGS"],
      ["6.0", "int bpf_ct_change_timeout(struct nf_conn *nfct, u32 timeout)", "TRUSTED_ARGS"],
      [
        "6.0",
        "struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *nfct_i)",
        "ACQUIRE RET_NULL RELEASE",
      ],
      ["5.18", "void bpf_ct_release(struct nf_conn *nfct)", "RELEASE"],
      [
        "6.1",
        "int bpf_ct_set_nat_info(struct nf_conn___init *nfct, union nf_inet_addr *addr, int port, enum nf_nat_manip_type manip)",
        "TRUSTED_ARGS",
      ],
      ["6.0", "int bpf_ct_set_status(const struct nf_conn___init *nfct, u32 status)", "TRUSTED_ARGS"],
      ["6.0", "void bpf_ct_set_timeout(struct nf_conn___init *nfct, u32 timeout)", "TRUSTED_ARGS"],
      [
        "6.0",
        "struct nf_conn___init *bpf_skb_ct_alloc(struct __sk_buff *skb_ctx, struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz)",
        "ACQUIRE RET_NULL",
      ],
      [
        "5.18",
        "struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *skb_ctx, struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz)",
        "ACQUIRE RET_NULL",
      ],
      [
        "6.0",
        "struct nf_conn___init *bpf_xdp_ct_alloc(struct xdp_md *xdp_ctx, struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz)",
        "ACQUIRE RET_NULL",
      ],
      [
        "5.18",
        "struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *xdp_ctx, struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz, struct bpf_ct_opts *opts, u32 opts__sz)",
        "ACQUIRE RET_NULL",
      ],
    ],
  },
  {
    // net/core/filter.c, bpf_kfunc_set_xdp; net/core/xdp.c; net/xfrm/xfrm_state_bpf.c; nf_flow_table_bpf.c
    types: [ProgramType.Xdp],
    rows: [
      ["6.4", "int bpf_dynptr_from_xdp(struct xdp_md *x, u64 flags, struct bpf_dynptr *ptr__uninit)"],
      [
        "6.8",
        "struct xfrm_state *bpf_xdp_get_xfrm_state(struct xdp_md *ctx, struct bpf_xfrm_state_opts *opts, u32 opts__sz)",
        "RET_NULL ACQUIRE",
      ],
      [
        "6.3",
        "int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, u32 *hash, enum xdp_rss_hash_type *rss_type)",
        "TRUSTED_ARGS",
      ],
      ["6.3", "int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, u64 *timestamp)", "TRUSTED_ARGS"],
      [
        "6.8",
        "int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto, u16 *vlan_tci)",
        "TRUSTED_ARGS",
      ],
      ["6.18", "int bpf_xdp_pull_data(struct xdp_md *x, u32 len)"],
      ["6.8", "void bpf_xdp_xfrm_state_release(struct xfrm_state *x)", "RELEASE"],
      [
        "6.11",
        "struct flow_offload_tuple_rhash *bpf_xdp_flow_lookup(struct xdp_md *ctx, struct bpf_fib_lookup *fib_tuple, struct bpf_flowtable_opts *opts, u32 opts_len)",
        "TRUSTED_ARGS RET_NULL",
        "CONFIG_NF_FLOW_TABLE",
      ],
    ],
  },
  {
    // net/core/filter.c, bpf_kfunc_set_tcp_reqsk; net/ipv4/fou_bpf.c; net/xfrm/xfrm_interface_bpf.c; net/bpf/test_run.c
    types: [ProgramType.SchedCls],
    rows: [
      ["5.19", "void bpf_kfunc_call_memb_release(struct prog_test_member *p)", "RELEASE"],
      ["5.18", "void bpf_kfunc_call_test_release(struct prog_test_ref_kfunc *p)", "RELEASE"],
      [
        "6.11",
        "int bpf_sk_assign_tcp_reqsk(struct __sk_buff *s, struct sock *sk, struct bpf_tcp_req_attrs *attrs, int attrs__sz)",
        "TRUSTED_ARGS",
      ],
      [
        "6.4",
        "int bpf_skb_set_fou_encap(struct __sk_buff *skb_ctx, struct bpf_fou_encap *encap, int type)",
        "",
        "CONFIG_NET_FOU",
      ],
      [
        "6.4",
        "int bpf_skb_get_fou_encap(struct __sk_buff *skb_ctx, struct bpf_fou_encap *encap)",
        "",
        "CONFIG_NET_FOU",
      ],
      [
        "6.2",
        "int bpf_skb_get_xfrm_info(struct __sk_buff *skb_ctx, struct bpf_xfrm_info *to)",
        "",
        "CONFIG_XFRM_INTERFACE",
      ],
      [
        "6.2",
        "int bpf_skb_set_xfrm_info(struct __sk_buff *skb_ctx, const struct bpf_xfrm_info *from)",
        "",
        "CONFIG_XFRM_INTERFACE",
      ],
    ],
  },
  {
    // net/core/filter.c: all cgroup types share a hook, so sets of other types are open here too
    types: [ProgramType.CgroupSkb],
    rows: [
      [
        "6.7",
        "int bpf_sock_addr_set_sun_path(struct bpf_sock_addr_kern *sa_kern, const u8 *sun_path, u32 sun_path__sz)",
      ],
      [
        "6.15",
        "int bpf_sock_ops_enable_tx_tstamp(struct bpf_sock_ops_kern *skops, u64 flags)",
        "TRUSTED_ARGS",
      ],
    ],
  },
];
