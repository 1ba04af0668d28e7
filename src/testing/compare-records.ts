import { compareBytes, type Report } from "./compare-runs.js";
import { comparableRecord, type RecordCollector } from "./record-collector.js";
import { masked, placesOf, type Trial } from "./trial.js";

/** Tells `report` of the records in which two kernels differ. */
export function compareRecords(trial: Trial, a: RecordCollector, b: RecordCollector, report: Report): void {
  for (const spec of trial.object.maps) {
    const [first, second] = [a, b].map((collector) => collector.take(spec.name));
    if (placesOf(trial, "map", spec.name).length > 0) continue;
    if (first.length !== second.length) {
      report(`records of ${spec.name}`, `${first.length} records`, `${second.length} records`);
      continue;
    }
    const places = placesOf(trial, "record", spec.name);
    first.forEach((record, index) => {
      compareBytes(
        `records of ${spec.name}, record ${index}`,
        masked(comparableRecord(spec, record), places),
        masked(comparableRecord(spec, second[index]), places),
        report,
      );
    });
  }
}
