"""From a submission on disk to its record, through real workers."""


def test_a_good_submission_passes_and_every_key_of_the_record_is_there(course):
    record = course.evaluate()
    assert record["status"] == "passed"
    assert list(record) == [
        "schema_version", "task", "submission", "status", "failure", "scores", "baseline", "cost", "audits", "run",
    ]  # fmt: skip
    assert record["cost"]["parameters"] == 6
