"""The official client reads datasets and key-value stores."""

from tests.sandbox.conftest import Sandbox

INPUT = {"searchQueries": ["skincare"], "resultsPerPage": 12}


def test_items_in_pages_and_as_a_whole(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    dataset = client.dataset(run.default_dataset_id)

    page = dataset.list_items(offset=5, limit=4)

    assert (page.offset, page.limit, page.count, page.total, page.desc) == (5, 4, 4, 12, False)
    everything = dataset.list_items().items
    assert [item["id"] for item in page.items] == [item["id"] for item in everything[5:9]]
    assert [item["id"] for item in dataset.list_items(desc=True).items] == [item["id"] for item in everything[::-1]]
    assert list(dataset.iterate_items()) == everything
    assert list(dataset.iterate_items(chunk_size=5)) == everything
    assert len({item["id"] for item in everything}) == 12


def test_no_limit_is_echoed_as_the_platform_does(sandbox: Sandbox) -> None:
    run = sandbox.client().actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    assert sandbox.client().dataset(run.default_dataset_id).list_items().limit == 999_999_999_999


def test_fields_and_omit(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    dataset = client.dataset(run.default_dataset_id)
    assert [list(item) for item in dataset.list_items(fields=["text", "id"], limit=1).items] == [["text", "id"]]
    assert "authorMeta" not in dataset.list_items(omit=["authorMeta"], limit=1).items[0]


def test_clean_drops_rows_but_counts_them_as_scanned(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input={"searchQueries": ["sandbox:sparse"], "resultsPerPage": 12}, wait_for_finish=20)
    dataset = client.dataset(run.default_dataset_id)
    raw, clean = dataset.list_items(), dataset.list_items(clean=True)
    assert {} in raw.items
    assert any("#debug" in item for item in raw.items)
    assert {} not in clean.items
    assert not any("#debug" in item for item in clean.items)
    assert (clean.count, len(clean.items)) == (12, 11)
    assert len(dataset.list_items(skip_empty=True).items) == 11
    assert not any("#debug" in item for item in dataset.list_items(skip_hidden=True).items)


def test_dataset_info(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    while (info := client.dataset(run.default_dataset_id).get()) is None or info.item_count != 12:
        assert info is not None
    assert info.act_run_id == run.id
    assert client.dataset("D000000000000000x").get() is None


def test_items_by_way_of_the_run(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    assert client.run(run.id).dataset().list_items().count == 12
    assert client.run(run.id).key_value_store().get_record("INPUT")["value"] == INPUT  # type: ignore[index]


def test_csv_and_jsonl(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    dataset = client.dataset(run.default_dataset_id)
    lines = dataset.get_items_as_bytes(item_format="jsonl").decode().splitlines()
    rows = dataset.get_items_as_bytes(item_format="csv").decode().splitlines()
    assert len(lines) == 12
    assert len(rows) == 13
    assert {"id", "authorMeta/name", "hashtags/0/name"} <= set(rows[0].split(","))


def test_input_and_output_records(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    store = client.key_value_store(run.default_key_value_store_id)
    record = store.get_record("INPUT")
    assert record is not None
    assert (record["key"], record["value"]) == ("INPUT", INPUT)
    assert store.get_record("OUTPUT")["value"] == {"query": "skincare", "results": 12}  # type: ignore[index]
    assert store.get_record("NOTHING") is None
    assert [key.key for key in store.list_keys().items] == ["INPUT", "OUTPUT"]
    page = store.list_keys(limit=1)
    assert (page.is_truncated, page.next_exclusive_start_key) == (True, "INPUT")
    assert [key.key for key in store.list_keys(exclusive_start_key="INPUT").items] == ["OUTPUT"]


def test_large_inputs_arrive_compressed_and_are_kept_inflated(sandbox: Sandbox) -> None:
    client = sandbox.client()
    large = {**INPUT, "note": "메모 " * 2000}
    run = client.actor(sandbox.actor).start(run_input=large)
    assert client.key_value_store(run.default_key_value_store_id).get_record("INPUT")["value"] == large  # type: ignore[index]
    assert run.stats.input_body_len is not None
    assert run.stats.input_body_len > 10_000
