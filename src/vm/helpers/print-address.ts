/** %pI4 (dotted) and %pi4 (three digits each), as lib/vsprintf.c, ip4_string prints them. */
export function formatIpv4(bytes: Uint8Array, hasLeadingZeroes: boolean): string {
  return [...bytes].map((byte) => String(byte).padStart(hasLeadingZeroes ? 3 : 1, "0")).join(".");
}

/** %pI6: eight groups of four digits (lib/vsprintf.c, ip6_string). */
export function formatIpv6(bytes: Uint8Array): string {
  return groups(bytes).join(":");
}

/** %pi6: thirty-two digits without colons. */
export function formatIpv6Full(bytes: Uint8Array): string {
  return groups(bytes).join("");
}

function groups(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return Array.from({ length: 8 }, (_, i) =>
    view
      .getUint16(i * 2)
      .toString(16)
      .padStart(4, "0"),
  );
}
