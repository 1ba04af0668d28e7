import { ProgramType } from "../uapi/index.js";
import type { KfuncGroup } from "./kfunc.js";

/** Kfuncs on objects that a program owns, and on tasks, cgroups and keys (kernel/bpf/helpers.c, generic_btf_ids). */
export const kfuncsOfObjects: readonly KfuncGroup[] = [
  {
    // generic_btf_ids
    types: [ProgramType.SchedCls, ProgramType.Xdp, ProgramType.CgroupSkb],
    rows: [
      ["6.2", "struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp)", "ACQUIRE RCU RET_NULL"],
      ["6.2", "struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level)", "ACQUIRE RCU RET_NULL"],
      ["6.4", "struct cgroup *bpf_cgroup_from_id(u64 cgid)", "ACQUIRE RET_NULL"],
      ["6.2", "void bpf_cgroup_release(struct cgroup *cgrp)", "RELEASE"],
      ["6.1", "void bpf_key_put(struct bpf_key *bkey)", "RELEASE"],
      ["6.16", "struct bpf_list_node *bpf_list_back(struct bpf_list_head *head)", "RET_NULL"],
      ["6.16", "struct bpf_list_node *bpf_list_front(struct bpf_list_head *head)", "RET_NULL"],
      ["6.2", "struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head)", "ACQUIRE RET_NULL"],
      ["6.2", "struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head)", "ACQUIRE RET_NULL"],
      [
        "6.4",
        "int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign, u64 off)",
      ],
      [
        "6.4",
        "int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign, u64 off)",
      ],
      ["6.1", "struct bpf_key *bpf_lookup_system_key(u64 id)", "ACQUIRE RET_NULL"],
      ["6.1", "struct bpf_key *bpf_lookup_user_key(s32 serial, u64 flags)", "ACQUIRE RET_NULL SLEEPABLE"],
      ["6.2", "void bpf_obj_drop_impl(void *p__alloc, void *meta__ign)", "RELEASE"],
      ["6.2", "void *bpf_obj_new_impl(u64 local_type_id__k, void *meta__ign)", "ACQUIRE RET_NULL"],
      ["6.7", "void bpf_percpu_obj_drop_impl(void *p__alloc, void *meta__ign)", "RELEASE"],
      ["6.7", "void *bpf_percpu_obj_new_impl(u64 local_type_id__k, void *meta__ign)", "ACQUIRE RET_NULL"],
      [
        "6.4",
        "int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node, void *less, void *meta__ign, u64 off)",
      ],
      ["6.3", "struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root)", "RET_NULL"],
      [
        "6.16",
        "struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node)",
        "RET_NULL",
      ],
      [
        "6.3",
        "struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node)",
        "ACQUIRE RET_NULL",
      ],
      [
        "6.16",
        "struct bpf_rb_node *bpf_rbtree_right(struct bpf_rb_root *root, struct bpf_rb_node *node)",
        "RET_NULL",
      ],
      ["6.16", "struct bpf_rb_node *bpf_rbtree_root(struct bpf_rb_root *root)", "RET_NULL"],
      [
        "6.4",
        "void *bpf_refcount_acquire_impl(void *p__refcounted_kptr, void *meta__ign)",
        "ACQUIRE RET_NULL RCU",
      ],
      [
        "6.13",
        "int bpf_send_signal_task(struct task_struct *task, int sig, enum pid_type type, u64 value)",
        "TRUSTED_ARGS",
      ],
      ["6.2", "struct task_struct *bpf_task_acquire(struct task_struct *p)", "ACQUIRE RCU RET_NULL"],
      ["6.2", "struct task_struct *bpf_task_from_pid(s32 pid)", "ACQUIRE RET_NULL"],
      ["6.13", "struct task_struct *bpf_task_from_vpid(s32 vpid)", "ACQUIRE RET_NULL"],
      [
        "6.8",
        "struct cgroup *bpf_task_get_cgroup1(struct task_struct *task, int hierarchy_id)",
        "ACQUIRE RCU RET_NULL",
      ],
      ["6.2", "void bpf_task_release(struct task_struct *p)", "RELEASE"],
      ["6.5", "long int bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor)", "RCU"],
      ["6.7", "void bpf_throw(u64 cookie)"],
      ["6.1", "void crash_kexec(struct pt_regs *regs)", "DESTRUCTIVE", "CONFIG_CRASH_DUMP"],
      [
        "6.1",
        "int bpf_verify_pkcs7_signature(struct bpf_dynptr *data_p, struct bpf_dynptr *sig_p, struct bpf_key *trusted_keyring)",
        "SLEEPABLE",
        "CONFIG_SYSTEM_DATA_VERIFICATION",
      ],
    ],
  },
];
