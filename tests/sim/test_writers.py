# SPDX-License-Identifier: Apache-2.0
"""Reads the goldens of the writers with decoders that are not ours.

The messages of Perfetto are declared here as far as the trace uses them, with the names, numbers
and types of protos/perfetto/trace (v59), and decoded by protobuf's own runtime: a wrong field
number or wire type in the writer shows as a missing value or an unknown field.
"""

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/sim/golden/writers"


def load(name):
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


# ---- JSON


@pytest.fixture(name="validator")
def fixture_validator():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "docs/schema/report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", ["report.json", "infeasible.json"])
def test_the_goldens_follow_the_schema(validator, name):
    validator.validate(load(name))


def without_cycles(report):
    del report["layers"][0]["cycles"]


def with_unknown_key(report):
    report["total"]["cycle"] = 1


def with_negative_count(report):
    report["memories"][0]["read_bytes"] = -1


def with_fraction_of_a_stall(report):
    report["units"][0]["stalls"]["fill"] = 0.5


def of_another_version(report):
    report["version"] = 2


@pytest.mark.parametrize(
    "change",
    [
        without_cycles,
        with_unknown_key,
        with_negative_count,
        with_fraction_of_a_stall,
        of_another_version,
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(validator, change):
    report = load("report.json")
    change(report)
    assert not validator.is_valid(report)


def test_docs_name_every_key_of_the_report():
    schema = json.loads((ROOT / "docs/schema/report.schema.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs/report.md").read_text(encoding="utf-8")
    keys = set()

    def collect(part):
        if isinstance(part, dict):
            keys.update(part.get("properties", {}))
            for value in part.values():
                collect(value)
        elif isinstance(part, list):
            for value in part:
                collect(value)

    collect(schema)
    assert len(keys) > 40
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


# ---- CSV


def test_csv_has_the_numbers_of_the_json():
    report = load("report.json")
    with (GOLDEN / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert [row["name"] for row in rows[:-1]] == [layer["name"] for layer in report["layers"]]
    for row, layer in zip(rows, [*report["layers"], report["total"]], strict=True):
        for key in (
            "cycles",
            "seconds",
            "macs",
            "utilization",
            "mapping_efficiency",
            "traffic_bytes",
            "arithmetic_intensity",
            "energy_pj",
        ):
            assert float(row[key]) == layer[key]
        stalls = {
            key.removeprefix("stall_cycles:"): int(value)
            for key, value in row.items()
            if key.startswith("stall_cycles:") and value != "0"
        }
        assert stalls == layer["stalls"]


# ---- Perfetto

# message -> {field: (number, type)}; a capital type is a message, a trailing * means repeated.
MESSAGES = {
    "Trace": {"packet": (1, "TracePacket*")},
    "TracePacket": {
        "timestamp": (8, "uint64"),
        "trusted_packet_sequence_id": (10, "uint32"),
        "track_event": (11, "TrackEvent"),
        "interned_data": (12, "InternedData"),
        "sequence_flags": (13, "uint32"),
        "track_descriptor": (60, "TrackDescriptor"),
        "first_packet_on_sequence": (87, "bool"),
    },
    "TrackDescriptor": {
        "uuid": (1, "uint64"),
        "name": (2, "string"),
        "process": (3, "ProcessDescriptor"),
        "parent_uuid": (5, "uint64"),
        "counter": (8, "CounterDescriptor"),
        "child_ordering": (11, "int32"),
        "sibling_order_rank": (12, "int32"),
        "description": (14, "string"),
    },
    "ProcessDescriptor": {
        "pid": (1, "int32"),
        "process_name": (6, "string"),
        "process_labels": (8, "string*"),
    },
    "CounterDescriptor": {"unit_name": (6, "string")},
    "InternedData": {"event_names": (2, "EventName*")},
    "EventName": {"iid": (1, "uint64"), "name": (2, "string")},
    "TrackEvent": {
        "type": (9, "int32"),
        "name_iid": (10, "uint64"),
        "track_uuid": (11, "uint64"),
        "double_counter_value": (44, "double"),
        "flow_ids": (47, "fixed64*"),
        "terminating_flow_ids": (48, "fixed64*"),
    },
}
BEGIN, END, COUNTER = 1, 2, 4
EXPLICIT = 3


def decoded(data):
    """The trace in `data`, which must hold nothing that Perfetto does not know."""
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="subset.proto", package="subset")
    for message_name, fields in MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for name, (number, kind) in fields.items():
            field = message.field.add(name=name, number=number)
            field.label = kinds.LABEL_REPEATED if kind.endswith("*") else kinds.LABEL_OPTIONAL
            kind = kind.rstrip("*")
            if kind in MESSAGES:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".subset.{kind}"
            else:
                field.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName("subset.Trace")
    if hasattr(message_factory, "GetMessageClass"):
        trace = message_factory.GetMessageClass(descriptor)()
    else:
        trace = message_factory.MessageFactory(pool).GetPrototype(descriptor)()
    trace.ParseFromString(data)
    size = trace.ByteSize()
    trace.DiscardUnknownFields()
    assert trace.ByteSize() == size == len(data), "the trace has fields that Perfetto does not know"
    return trace


@pytest.fixture(name="trace", scope="module")
def fixture_trace():
    return decoded((GOLDEN / "trace.pftrace").read_bytes())


def test_tracks_form_a_tree_in_the_order_of_the_units(trace):
    tracks = {
        p.track_descriptor.uuid: p.track_descriptor
        for p in trace.packet
        if p.HasField("track_descriptor")
    }
    process = tracks[1]
    assert process.process.process_name == "sluice"
    assert list(process.process.process_labels) == [
        "tiny on edge_16x16",
        "1 ns shown = 1 cycle",
        "clock 940 MHz",
    ]
    groups = {t.name: t for t in tracks.values() if t.parent_uuid == process.uuid}
    assert set(groups) == {"units", "counters"}
    assert all(group.child_ordering == EXPLICIT for group in groups.values())

    def children(group):
        found = [t for t in tracks.values() if t.parent_uuid == groups[group].uuid]
        return [t.name for t in sorted(found, key=lambda t: (t.sibling_order_rank, t.uuid))]

    assert children("units") == ["dma", "array", "array", "vector", "unused"]
    assert children("counters") == ["glb", "dram"]
    assert {t.name: t.counter.unit_name for t in tracks.values() if t.HasField("counter")} == {
        "glb": "B",
        "dram": "B/cycle",
    }


def test_packets_are_one_sequence_in_order_of_time(trace):
    assert {p.trusted_packet_sequence_id for p in trace.packet} == {1}
    assert [p.sequence_flags for p in trace.packet] == [1] + [2] * (len(trace.packet) - 1)
    assert trace.packet[0].first_packet_on_sequence
    times = [p.timestamp for p in trace.packet if p.HasField("track_event")]
    assert times == sorted(times)


def test_slices_counters_and_flows_are_those_of_the_sample(trace):
    tracks, names, stacks = {}, {}, {}
    slices, samples, flows = [], [], {}
    for packet in trace.packet:
        if packet.HasField("track_descriptor"):
            tracks[packet.track_descriptor.uuid] = packet.track_descriptor.name
        for entry in packet.interned_data.event_names:
            assert entry.iid not in names
            names[entry.iid] = entry.name
        if not packet.HasField("track_event"):
            continue
        event = packet.track_event
        track = tracks[event.track_uuid]
        if event.type == COUNTER:
            samples.append((track, packet.timestamp, event.double_counter_value))
        elif event.type == BEGIN:
            stacks.setdefault(event.track_uuid, []).append(
                (track, names[event.name_iid], packet.timestamp)
            )
            for flow in event.flow_ids:
                flows[flow] = [(track, packet.timestamp)]
            for flow in event.terminating_flow_ids:
                flows[flow].append((track, packet.timestamp))
        else:
            assert event.type == END
            slices.append((*stacks[event.track_uuid].pop(), packet.timestamp))
    assert not any(stacks.values())
    # tests/sim/writers_samples.hpp, trace()
    assert sorted(slices) == sorted(
        [
            ("dma", "fetch conv1 0", 0, 10),
            ("dma", "fetch conv1 0", 10, 30),
            ("array", "conv1", 10, 50),
            ("array", "inner", 15, 20),
            ("array", "conv1", 30, 70),
            ("vector", "relu", 70, 70),
            ("vector", "relu", 70, 79),
            ("vector", "relu", 79, 80),
        ]
    )
    assert samples == [
        ("glb", 0, 0),
        ("glb", 10, 4096),
        ("dram", 10, 16),
        ("dram", 40, 0.5),
        ("glb", 79, 0),
    ]
    assert flows == {
        101: [("dma", 0), ("array", 10)],
        102: [("dma", 10), ("array", 30)],
        103: [("array", 30), ("vector", 70)],
        104: [("vector", 70), ("vector", 79)],
    }


@pytest.mark.parametrize("window", [(), ("--trace-start", "200000", "--trace-cycles", "100000")])
def test_the_trace_of_a_run_keeps_the_rules_of_the_format(tmp_path, window):
    program = os.environ.get("SLUICE", ROOT / "build/sluice")
    run = ROOT / "configs/run/mobilenet_v2_gemmini.yaml"
    done = subprocess.run(
        [program, "run", run, f"--trace={tmp_path / 't'}", "--json", "-", *window],
        capture_output=True,
        check=True,
    )
    peak = json.loads(done.stdout)["memories"][0]["peak_bytes_per_cycle"]
    tracks, names, open_slices, open_flows = {}, set(), {}, set()
    slices = samples = arrows = last = 0
    for number, packet in enumerate(decoded((tmp_path / "t").read_bytes()).packet):
        # One sequence, whose state is cleared by its first packet and needed by all others.
        assert (packet.trusted_packet_sequence_id, packet.sequence_flags) == (1, 2 if number else 1)
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            assert track.uuid not in tracks
            assert not track.HasField("parent_uuid") or track.parent_uuid in tracks
            tracks[track.uuid] = track
        for entry in packet.interned_data.event_names:
            assert entry.iid not in names | {0}
            names.add(entry.iid)
        if not packet.HasField("track_event"):
            continue
        assert packet.timestamp >= last
        last = packet.timestamp
        event = packet.track_event
        if event.type == COUNTER:
            samples += 1
            if tracks[event.track_uuid].counter.unit_name == "B/cycle":
                assert 0 <= event.double_counter_value <= peak * (1 + 1e-9)
        elif event.type == BEGIN:
            slices += 1
            assert event.name_iid in names
            open_slices[event.track_uuid] = open_slices.get(event.track_uuid, 0) + 1
            open_flows -= set(event.terminating_flow_ids) & open_flows
            arrows += len(event.terminating_flow_ids)
            open_flows |= set(event.flow_ids)
        else:
            assert event.type == END and open_slices[event.track_uuid] > 0
            open_slices[event.track_uuid] -= 1
    assert not any(open_slices.values())
    assert min(slices, samples, arrows) > 10
