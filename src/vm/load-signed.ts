/** LDX with sign extension (RFC 9669 §5.2): `size` is the opcode's size field. */
export function loadSigned(reg: Int32Array, at: number, view: DataView, address: number, size: number): void {
  switch (size) {
    case 0x00:
      reg[at] = view.getInt32(address, true);
      break;
    case 0x08:
      reg[at] = view.getInt16(address, true);
      break;
    default:
      reg[at] = view.getInt8(address);
  }
  reg[at + 1] = reg[at] >> 31;
}
