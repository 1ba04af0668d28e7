import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { mapContents, mapsFile } from "./configuration.js";
import { services } from "./services.js";

const mapsPath = fileURLToPath(new URL("maps.json", import.meta.url));
test("maps.json", () => {
  const text = mapsFile(mapContents(services, 251));
  if (process.env.WIREBEE_UPDATE) writeFileSync(mapsPath, text);
  expect(readFileSync(mapsPath, "utf8")).toBe(text);
});
