import { expect, test } from "vitest";
import { NotSupportedError, VerifierError } from "../../../src/errors.js";
import {
  callableHelpers,
  helperById,
  helperPrototype,
  helpers,
  kfuncs,
  knownProgramTypes,
} from "../../../src/helpers/index.js";
import type { Kernel } from "../../../src/kernel.js";
import { type AssembledObject, assembledObject } from "../../../src/testing/index.js";
import { ProgramType, programTypeName } from "../../../src/uapi/index.js";
import { openUserKernel } from "../../../src/user/index.js";
import { describeWith } from "../../needs.js";
import { useKernels } from "../kernels.js";

const { Xdp, SchedCls, SchedAct, SocketFilter, CgroupSkb } = ProgramType;

interface Trial {
  readonly type?: ProgramType;
  readonly license?: string;
  readonly kfunc?: string;
  readonly helper?: number;
}

function callOf({ type = Xdp, license = "GPL", kfunc, helper }: Trial): AssembledObject {
  const callee = kfunc === undefined ? String(helper) : "kfunc#0";
  // The context in r1, no number in any other register: enough for what is refused before arguments are looked at.
  const code = `r2 = 0\nr3 = 0\nr4 = 0\nr5 = 0\ncall ${callee}\nr0 = 0\nexit`;
  const kfuncNames = kfunc === undefined ? {} : { kfuncs: [kfunc] };
  return { license, programs: [{ name: "tried", type, code, ...kfuncNames }] };
}

/** What a kernel says of a program: "" where it takes it. */
async function saysOf(kernel: Kernel, trial: Trial): Promise<string> {
  try {
    (await kernel.load(assembledObject(callOf(trial)))).close();
    return "";
  } catch (error) {
    if (error instanceof VerifierError || error instanceof NotSupportedError) return error.message;
    throw error;
  }
}

const id = (name: string) => helpers.find((each) => each.name === `bpf_${name}`)?.id ?? 0;

describeWith(["bpf"], "calls that are refused when a program is loaded", () => {
  const kernels = useKernels();

  test.each<[string, Trial]>([
    ["a helper for sk_buffs: XDP", { helper: id("skb_load_bytes") }],
    ["a helper for XDP: TC", { type: SchedCls, helper: id("xdp_adjust_head") }],
    ["a helper that no program of these types has", { type: SchedAct, helper: id("override_return") }],
    ["a helper for TC: socket filter", { type: SocketFilter, helper: id("redirect") }],
    ["a helper for TC: cgroup", { type: CgroupSkb, helper: id("skb_vlan_push") }],
    ["a helper's licence: MIT", { license: "MIT", helper: id("trace_printk") }],
    ["a helper's licence: none", { license: "", helper: id("fib_lookup") }],
    ["a helper's licence: nearly GPL", { license: "GPLv2", helper: id("probe_read_kernel") }],
    ["a helper that is not for this type, licence: MIT", { license: "MIT", helper: id("probe_read") }],
    ["a kfunc's licence: Apache", { license: "Apache-2.0", kfunc: "bpf_rcu_read_lock" }],
    ["a kfunc for XDP: TC", { type: SchedCls, kfunc: "bpf_dynptr_from_xdp" }],
    ["a kfunc for sk_buffs: XDP", { kfunc: "bpf_dynptr_from_skb" }],
    ["a kfunc for TC: TC action", { type: SchedAct, kfunc: "bpf_sk_assign_tcp_reqsk" }],
    ["a kfunc that sleeps", { kfunc: "bpf_copy_from_user_str" }],
    ["a network card's hash", { kfunc: "bpf_xdp_metadata_rx_hash" }],
    ["a network card's time stamp", { kfunc: "bpf_xdp_metadata_rx_timestamp" }],
    ["a network card's tag: TC", { type: SchedCls, kfunc: "bpf_xdp_metadata_rx_vlan_tag" }],
  ])("%s", async (_name, trial) => {
    const [user, linux] = kernels();
    const said = await saysOf(linux, trial);
    expect(said).not.toBe("");
    expect(await saysOf(user, trial)).toBe(said);
  });

  test.each(["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"])(
    "a licence that opens everything: %s",
    async (license) => {
      for (const kernel of kernels()) {
        expect(await saysOf(kernel, { license, helper: id("ktime_get_boot_ns") })).toBe("");
        expect(await saysOf(kernel, { license, kfunc: "bpf_xdp_metadata_rx_hash" })).toMatch(/device-bound/);
        expect(await saysOf(kernel, { license, helper: id("trace_printk") })).not.toMatch(/GPL/);
      }
    },
  );
});

/** Refused by name: what Linux would let some of these programs call, and the user-space kernel does not have. */
const MISSING = {
  helpers: [
    "bpf_cgrp_storage_delete",
    "bpf_cgrp_storage_get",
    "bpf_current_task_under_cgroup",
    "bpf_find_vma",
    "bpf_get_branch_snapshot",
    "bpf_get_cgroup_classid",
    "bpf_get_current_ancestor_cgroup_id",
    "bpf_get_current_cgroup_id",
    "bpf_get_current_comm",
    "bpf_get_current_pid_tgid",
    "bpf_get_current_task",
    "bpf_get_current_task_btf",
    "bpf_get_current_uid_gid",
    "bpf_get_local_storage",
    "bpf_get_ns_current_pid_tgid",
    "bpf_get_task_stack",
    "bpf_per_cpu_ptr",
    "bpf_perf_event_read",
    "bpf_perf_event_read_value",
    "bpf_probe_read_user",
    "bpf_probe_read_user_str",
    "bpf_send_signal",
    "bpf_send_signal_thread",
    "bpf_sk_ancestor_cgroup_id",
    "bpf_sk_cgroup_id",
    "bpf_sk_storage_delete",
    "bpf_sk_storage_get",
    "bpf_skb_ancestor_cgroup_id",
    "bpf_skb_cgroup_classid",
    "bpf_skb_cgroup_id",
    "bpf_skb_under_cgroup",
    "bpf_snprintf_btf",
    "bpf_task_pt_regs",
    "bpf_task_storage_delete",
    "bpf_task_storage_get",
    "bpf_this_cpu_ptr",
  ],
  kfuncs: [
    "bpf_cast_to_kern_ctx",
    "bpf_cgroup_acquire",
    "bpf_cgroup_ancestor",
    "bpf_cgroup_from_id",
    "bpf_cgroup_read_xattr",
    "bpf_cgroup_release",
    "bpf_crypto_decrypt",
    "bpf_crypto_encrypt",
    "bpf_ct_insert_entry",
    "bpf_ct_set_nat_info",
    "bpf_ct_set_status",
    "bpf_ct_set_timeout",
    "bpf_get_kmem_cache",
    "bpf_iter_css_destroy",
    "bpf_iter_css_new",
    "bpf_iter_css_next",
    "bpf_iter_css_task_destroy",
    "bpf_iter_css_task_new",
    "bpf_iter_css_task_next",
    "bpf_iter_task_destroy",
    "bpf_iter_task_new",
    "bpf_iter_task_next",
    "bpf_iter_task_vma_destroy",
    "bpf_iter_task_vma_new",
    "bpf_iter_task_vma_next",
    "bpf_key_put",
    "bpf_kfunc_call_memb_release",
    "bpf_kfunc_call_test_release",
    "bpf_list_back",
    "bpf_list_front",
    "bpf_list_pop_back",
    "bpf_list_pop_front",
    "bpf_list_push_back_impl",
    "bpf_list_push_front_impl",
    "bpf_lookup_system_key",
    "bpf_modify_return_test_tp",
    "bpf_obj_drop_impl",
    "bpf_obj_new_impl",
    "bpf_percpu_obj_drop_impl",
    "bpf_percpu_obj_new_impl",
    "bpf_probe_read_user_dynptr",
    "bpf_probe_read_user_str_dynptr",
    "bpf_rbtree_add_impl",
    "bpf_rbtree_first",
    "bpf_rbtree_left",
    "bpf_rbtree_remove",
    "bpf_rbtree_right",
    "bpf_rbtree_root",
    "bpf_rdonly_cast",
    "bpf_refcount_acquire_impl",
    "bpf_send_signal_task",
    "bpf_skb_ct_alloc",
    "bpf_skb_get_fou_encap",
    "bpf_skb_get_xfrm_info",
    "bpf_skb_set_fou_encap",
    "bpf_skb_set_xfrm_info",
    "bpf_sock_addr_set_sun_path",
    "bpf_sock_ops_enable_tx_tstamp",
    "bpf_stream_vprintk_impl",
    "bpf_task_acquire",
    "bpf_task_from_pid",
    "bpf_task_from_vpid",
    "bpf_task_get_cgroup1",
    "bpf_task_release",
    "bpf_task_under_cgroup",
    "bpf_task_work_schedule_resume_impl",
    "bpf_task_work_schedule_signal_impl",
    "bpf_throw",
    "bpf_wq_init",
    "bpf_wq_set_callback_impl",
    "bpf_wq_start",
    "bpf_xdp_ct_alloc",
    "bpf_xdp_flow_lookup",
    "crash_kexec",
  ],
};

describeWith([], "what the user-space kernel does not have", () => {
  test("helpers", async () => {
    const missing = new Set<string>();
    const kernel = openUserKernel({ memory: 1 << 24 });
    for (const type of knownProgramTypes) {
      for (const { id, name } of helpers) {
        const said = await saysOf(kernel, { type, helper: id });
        const mayCall = callableHelpers(type)?.has(id) === true;
        const sleeps = mayCall && helperPrototype(helperById(id) ?? helpers[0], type).mightSleep;
        if (!mayCall || sleeps) expect(said, `${programTypeName(type)} ${name}`).toMatch(/cannot use|sleep/);
        else if (said !== "") {
          expect(said).toContain(`the user-space kernel does not have ${name}`);
          missing.add(name);
        }
      }
    }
    expect([...missing].sort()).toEqual(MISSING.helpers);
    await kernel.close();
  });

  test("kernel functions", async () => {
    const missing = new Set<string>();
    const kernel = openUserKernel({ memory: 1 << 24 });
    for (const type of knownProgramTypes) {
      for (const { name, types, flags } of kfuncs) {
        const said = await saysOf(kernel, { type, kfunc: name });
        const isOpen = types.includes(type) && !flags.includes("SLEEPABLE") && !/_metadata_rx_/.test(name);
        if (!isOpen)
          expect(said, `${programTypeName(type)} ${name}`).toMatch(/not allowed|sleepable|device-bound/);
        else if (said !== "") {
          expect(said).toContain(`the user-space kernel does not have ${name}`);
          missing.add(name);
        }
      }
    }
    expect([...missing].sort()).toEqual(MISSING.kfuncs);
    await kernel.close();
  });
});
