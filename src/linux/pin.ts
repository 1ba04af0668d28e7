import { existsSync, mkdirSync, readlinkSync, statfsSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { KernelError, NotSupportedError } from "../errors.js";
import { Errno } from "../uapi/index.js";
import { Attributes } from "./sys/attributes.js";
import { BpfCommand } from "./sys/bpf-command.js";
import { libc } from "./sys/libc.js";

/** Where systemd and iproute2 mount it, and objects are pinned by default. */
export const BPF_FILE_SYSTEM = "/sys/fs/bpf";
/** BPF_FS_MAGIC of include/uapi/linux/magic.h. */
const BPF_FS_MAGIC = 0xcafe4a11;

/** Whether a folder is in a bpffs. */
export function isBpfFileSystem(folder: string): boolean {
  try {
    return statfsSync(folder).type >>> 0 === BPF_FS_MAGIC;
  } catch {
    return false;
  }
}

/** Throws NotSupportedError where a folder, or what there is of the way to it, is in no bpffs. */
export function requireBpfFileSystem(folder: string): void {
  let nearest = folder;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  if (isBpfFileSystem(nearest)) return;
  throw new NotSupportedError(
    "bpffs",
    `${folder} is in no BPF file system, which pins need: mount -t bpf bpf ${BPF_FILE_SYSTEM}`,
  );
}

/** BPF_OBJ_PIN: a map or program gets a path, by which it is found and kept. Throws KernelError. */
export function pinObject(fd: number, path: string): void {
  const folder = dirname(path);
  requireBpfFileSystem(folder);
  mkdirSync(folder, { recursive: true });
  new Attributes(16).text(0, path).u32(8, fd).call(BpfCommand.ObjPin, path);
}

/** Takes a pin away; what nobody else holds goes with it. False where nothing is pinned at the path. */
export function unpin(path: string): boolean {
  if (!existsSync(path)) return false;
  requireBpfFileSystem(dirname(path));
  unlinkSync(path);
  return true;
}

/**
 * BPF_OBJ_GET: a file descriptor of the map that is pinned at a path; undefined where nothing is.
 * Throws KernelError, also for what is no map.
 */
export function openPinnedMap(path: string): number | undefined {
  const fd = new Attributes(16).text(0, path).try(BpfCommand.ObjGet);
  if (fd === -Errno.ENOENT) return undefined;
  if (fd < 0) throw new KernelError("BPF_OBJ_GET", -fd, path);
  // The kernel says what it is in the name of the file alone.
  if (readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:bpf-map") return fd;
  libc().close(fd);
  throw new KernelError("BPF_OBJ_GET", Errno.EINVAL, `what is pinned at ${path} is no map`);
}
