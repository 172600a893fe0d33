"""Merges a file of JSON lines with dlt and prints how long pipeline.run took; started by dlt.ts."""

import json
import sys
import time

import dlt

# "Yield pages instead of rows": https://dlthub.com/docs/reference/performance
PAGE_ROWS = 1_000


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        order = json.load(file)
    # As the other contestants, it gets its records as objects in memory.
    with open(order["records"], encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]

    @dlt.resource(
        name=order["table"],
        write_disposition="merge",
        primary_key=order["key"],
        columns=order["columns"],
        max_table_nesting=0,
    )
    def pages():
        if not records:
            yield dlt.mark.materialize_table_schema()
        for start in range(0, len(records), PAGE_ROWS):
            yield records[start : start + PAGE_ROWS]

    pipeline = dlt.pipeline(
        pipeline_name=order["dataset"],
        pipelines_dir=order["directory"],
        destination="postgres",
        dataset_name=order["dataset"],
    )
    start = time.perf_counter()
    result = pipeline.run(pages, loader_file_format=order["format"])
    seconds = time.perf_counter() - start
    result.raise_on_failed_jobs()
    print(json.dumps({"milliseconds": seconds * 1000}))


if __name__ == "__main__":
    main()
