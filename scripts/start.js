/**
 * `npm start`: set-up, then the main job on the shipped example: every packet of a capture through a
 * firewall. Needs no clang: the example is compiled already. Arguments replace the job:
 * `npm start -- disasm examples/counter/counter.bpf.o`.
 */
import { build } from "./build.js";
import { run, setup } from "./setup.js";

setup();
build();
const example = "examples/firewall/firewall";
const maps = "examples/firewall/maps.json";
const job = ["run", `${example}.bpf.o`, "-r", `${example}.pcap`, "--maps", maps];
const args = process.argv.slice(2);
run("node", ["bin/wirebee.js", ...(args.length > 0 ? args : job)]);
