// What nodes and drivers say to each other as bytes; what the head is part of: head_messages.cc.

#include "runtime/cluster/messages.h"

#include "runtime/base/home.h"
#include "runtime/cluster/cluster.capnp.h"
#include "runtime/cluster/forms.h"
#include "runtime/wire/capnp_codec.h"

#include <array>
#include <utility>

namespace tramontane {
namespace {

// Below 2^29 of them, so that the ranges stay apart.
ProcessId draw(ProcessId from) {
  std::array<std::byte, 4> random{};
  random_bytes(random.data(), random.size());
  ProcessId number = 0;
  for (std::byte each : random) number = (number << 8) | std::to_integer<ProcessId>(each);
  return from + (number & 0x1fffffff);
}

template <class M>
std::size_t fixed_size() {
  return sizeof(M);
}

}  // namespace

ProcessId draw_client_number() {
  return draw(0x20000000);
}

ProcessId draw_driver_number() {
  return draw(0x40000000);
}

ProcessId draw_node_number() {
  return draw(0x80000000);
}

std::size_t Codec<StartWorker>::size(const StartWorker& message) {
  return message.setup.size() + message.devices.size() * sizeof(std::uint32_t);
}

Bytes Codec<StartWorker>::encode(const StartWorker& message) {
  return encode_capnp<schema::StartWorker>([&](schema::StartWorker::Builder out) {
    out.setProcess(message.process);
    out.setSetup(as_data(message.setup));
    write_devices(message.devices, out.initDevices(static_cast<unsigned>(message.devices.size())));
  });
}

Result<StartWorker> Codec<StartWorker>::decode(ByteView bytes) {
  using Schema = schema::StartWorker;
  return decode_capnp<Schema, StartWorker>(bytes, [](Schema::Reader in) {
    return StartWorker{in.getProcess(), bytes_of(in.getSetup()), read_devices(in.getDevices())};
  });
}

std::size_t Codec<ProcessStarted>::size(const ProcessStarted&) {
  return fixed_size<ProcessStarted>();
}

Bytes Codec<ProcessStarted>::encode(const ProcessStarted& message) {
  return encode_capnp<schema::ProcessStarted>(
      [&](schema::ProcessStarted::Builder out) { out.setPid(message.pid); });
}

Result<ProcessStarted> Codec<ProcessStarted>::decode(ByteView bytes) {
  using Schema = schema::ProcessStarted;
  return decode_capnp<Schema, ProcessStarted>(
      bytes, [](Schema::Reader in) { return ProcessStarted{in.getPid()}; });
}

std::size_t Codec<KillWorker>::size(const KillWorker&) {
  return fixed_size<KillWorker>();
}

Bytes Codec<KillWorker>::encode(const KillWorker& message) {
  return encode_capnp<schema::KillWorker>(
      [&](schema::KillWorker::Builder out) { out.setProcess(message.process); });
}

Result<KillWorker> Codec<KillWorker>::decode(ByteView bytes) {
  using Schema = schema::KillWorker;
  return decode_capnp<Schema, KillWorker>(
      bytes, [](Schema::Reader in) { return KillWorker{in.getProcess()}; });
}

std::size_t Codec<ConnectWorkers>::size(const ConnectWorkers& message) {
  return message.to_one.size() + message.to_other.size() + message.other_address.size();
}

Bytes Codec<ConnectWorkers>::encode(const ConnectWorkers& message) {
  return encode_capnp<schema::ConnectWorkers>([&](schema::ConnectWorkers::Builder out) {
    out.setOne(message.one);
    out.setToOne(as_data(message.to_one));
    out.setOther(message.other);
    out.setToOther(as_data(message.to_other));
    out.setOtherAddress(message.other_address);
  });
}

Result<ConnectWorkers> Codec<ConnectWorkers>::decode(ByteView bytes) {
  using Schema = schema::ConnectWorkers;
  return decode_capnp<Schema, ConnectWorkers>(bytes, [](Schema::Reader in) {
    return ConnectWorkers{.one = in.getOne(),
        .to_one = bytes_of(in.getToOne()),
        .other = in.getOther(),
        .to_other = bytes_of(in.getToOther()),
        .other_address = text_of(in.getOtherAddress())};
  });
}

std::size_t Codec<MeetNode>::size(const MeetNode& message) {
  return message.address.size();
}

Bytes Codec<MeetNode>::encode(const MeetNode& message) {
  return encode_capnp<schema::MeetNode>(
      [&](schema::MeetNode::Builder out) { out.setAddress(message.address); });
}

Result<MeetNode> Codec<MeetNode>::decode(ByteView bytes) {
  using Schema = schema::MeetNode;
  return decode_capnp<Schema, MeetNode>(
      bytes, [](Schema::Reader in) { return MeetNode{text_of(in.getAddress())}; });
}

std::size_t Codec<SeekSeat>::size(const SeekSeat& message) {
  return message.worker.size() + message.lost.size();
}

Bytes Codec<SeekSeat>::encode(const SeekSeat& message) {
  return encode_capnp<schema::SeekSeat>([&](schema::SeekSeat::Builder out) {
    out.setWorker(message.worker);
    out.setLost(message.lost);
  });
}

Result<SeekSeat> Codec<SeekSeat>::decode(ByteView bytes) {
  using Schema = schema::SeekSeat;
  return decode_capnp<Schema, SeekSeat>(bytes, [](Schema::Reader in) {
    return SeekSeat{text_of(in.getWorker()), text_of(in.getLost())};
  });
}

std::size_t Codec<MeetingFailed>::size(const MeetingFailed& message) {
  return message.address.size() + message.why.size();
}

Bytes Codec<MeetingFailed>::encode(const MeetingFailed& message) {
  return encode_capnp<schema::MeetingFailed>([&](schema::MeetingFailed::Builder out) {
    out.setAddress(message.address);
    out.setWhy(message.why);
  });
}

Result<MeetingFailed> Codec<MeetingFailed>::decode(ByteView bytes) {
  using Schema = schema::MeetingFailed;
  return decode_capnp<Schema, MeetingFailed>(bytes, [](Schema::Reader in) {
    return MeetingFailed{text_of(in.getAddress()), text_of(in.getWhy())};
  });
}

std::size_t Codec<WorkerGone>::size(const WorkerGone& message) {
  return size_of(message.end);
}

Bytes Codec<WorkerGone>::encode(const WorkerGone& message) {
  return encode_capnp<schema::WorkerGone>([&](schema::WorkerGone::Builder out) {
    out.setProcess(message.process);
    write_end(message.end, out.initEnd());
  });
}

Result<WorkerGone> Codec<WorkerGone>::decode(ByteView bytes) {
  using Schema = schema::WorkerGone;
  return decode_capnp<Schema, WorkerGone>(bytes, [](Schema::Reader in) {
    return WorkerGone{in.getProcess(), read_end(in.getEnd())};
  });
}

Bytes encode_purpose(const VisitPurpose& purpose) {
  return encode_capnp<schema::VisitPurpose>([&](schema::VisitPurpose::Builder out) {
    out.setDriver(purpose.driver);
    out.setJob(purpose.job);
    out.setActor(purpose.actor);
    out.setProcess(purpose.process);
    out.setIntroduction(as_data(purpose.introduction));
  });
}

Result<VisitPurpose> decode_purpose(ByteView bytes) {
  using Schema = schema::VisitPurpose;
  return decode_capnp<Schema, VisitPurpose>(bytes, [](Schema::Reader in) {
    return VisitPurpose{.driver = in.getDriver(),
        .job = in.getJob(),
        .actor = in.getActor(),
        .process = in.getProcess(),
        .introduction = bytes_of(in.getIntroduction())};
  });
}

}  // namespace tramontane
