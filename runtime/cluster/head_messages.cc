// What the head, its nodes and its clients say to each other as bytes.

#include "runtime/cluster/cluster.capnp.h"
#include "runtime/cluster/forms.h"
#include "runtime/cluster/messages.h"
#include "runtime/wire/capnp_codec.h"

namespace tramontane {
namespace {

void write_labels(const std::map<std::string, std::string>& labels,
    capnp::List<schema::LabelSetup>::Builder out) {
  unsigned at = 0;
  for (const auto& [key, value] : labels) {
    out[at].setKey(key);
    out[at++].setValue(value);
  }
}

void write_driver(const DriverState& driver, schema::DriverState::Builder out) {
  out.setJob(driver.job);
  out.setAttempt(driver.attempt);
  out.setPid(driver.pid);
  out.setEnded(driver.ended);
  write_end(driver.end, out.initEnd());
}

DriverState read_driver(schema::DriverState::Reader in) {
  return {.job = in.getJob(),
      .attempt = in.getAttempt(),
      .pid = in.getPid(),
      .ended = in.getEnded(),
      .end = read_end(in.getEnd())};
}

void write_seats(const std::vector<WorkerSeat>& seats, capnp::List<schema::Seat>::Builder out) {
  for (unsigned i = 0; i < seats.size(); ++i) {
    out[i].setWorker(seats[i].worker);
    out[i].setNode(seats[i].node);
    out[i].setAddress(seats[i].address);
    write_devices(
        seats[i].devices, out[i].initDevices(static_cast<unsigned>(seats[i].devices.size())));
  }
}

std::vector<WorkerSeat> read_seats(capnp::List<schema::Seat>::Reader in) {
  std::vector<WorkerSeat> seats;
  for (auto seat : in)
    seats.push_back({text_of(seat.getWorker()), text_of(seat.getNode()), text_of(seat.getAddress()),
        read_devices(seat.getDevices())});
  return seats;
}

std::size_t size_of(const std::vector<WorkerSeat>& seats) {
  std::size_t size = 0;
  for (const WorkerSeat& seat : seats)
    size += sizeof seat + seat.worker.size() + seat.node.size() + seat.address.size();
  return size;
}

void write_start(const StartDriver& start, schema::StartDriver::Builder out) {
  out.setJob(start.job);
  out.setAttempt(start.attempt);
  out.setName(start.name);
  out.setFolder(start.folder);
  out.setGraph(start.graph);
  write_seats(start.seats, out.initSeats(static_cast<unsigned>(start.seats.size())));
}

StartDriver read_start(schema::StartDriver::Reader in) {
  return {.job = in.getJob(),
      .attempt = in.getAttempt(),
      .name = text_of(in.getName()),
      .folder = text_of(in.getFolder()),
      .graph = text_of(in.getGraph()),
      .seats = read_seats(in.getSeats())};
}

}  // namespace

std::size_t Codec<JoinCluster>::size(const JoinCluster& message) {
  std::size_t size = sizeof message + message.home.size();
  for (const DriverState& driver : message.drivers) size += size_of(driver.end);
  return size;
}

Bytes Codec<JoinCluster>::encode(const JoinCluster& message) {
  return encode_capnp<schema::JoinCluster>([&](schema::JoinCluster::Builder out) {
    out.setName(message.name);
    out.setProcess(message.process);
    out.setAddress(message.address);
    out.setCpuMilli(message.cpu_milli);
    out.setMemory(message.memory);
    out.setGpus(message.gpus);
    write_labels(message.labels, out.initLabels(static_cast<unsigned>(message.labels.size())));
    out.setInstructionSet(message.instruction_set);
    out.setHome(message.home);
    auto drivers = out.initDrivers(static_cast<unsigned>(message.drivers.size()));
    for (unsigned i = 0; i < drivers.size(); ++i) write_driver(message.drivers[i], drivers[i]);
    out.setHost(message.host);
  });
}

Result<JoinCluster> Codec<JoinCluster>::decode(ByteView bytes) {
  using Schema = schema::JoinCluster;
  return decode_capnp<Schema, JoinCluster>(bytes, [](Schema::Reader in) {
    JoinCluster join{.name = text_of(in.getName()),
        .process = in.getProcess(),
        .address = text_of(in.getAddress()),
        .cpu_milli = in.getCpuMilli(),
        .memory = in.getMemory(),
        .gpus = in.getGpus(),
        .instruction_set = in.getInstructionSet(),
        .home = text_of(in.getHome()),
        .host = text_of(in.getHost())};
    for (auto label : in.getLabels())
      join.labels[text_of(label.getKey())] = text_of(label.getValue());
    for (auto driver : in.getDrivers()) join.drivers.push_back(read_driver(driver));
    return join;
  });
}

std::size_t Codec<Welcomed>::size(const Welcomed& message) {
  return sizeof message;
}

Bytes Codec<Welcomed>::encode(const Welcomed& message) {
  return encode_capnp<schema::Welcomed>(
      [&](schema::Welcomed::Builder out) { out.setNode(message.node); });
}

Result<Welcomed> Codec<Welcomed>::decode(ByteView bytes) {
  using Schema = schema::Welcomed;
  return decode_capnp<Schema, Welcomed>(
      bytes, [](Schema::Reader in) { return Welcomed{in.getNode()}; });
}

std::size_t Codec<StartDriver>::size(const StartDriver& message) {
  return sizeof message + message.graph.size() + size_of(message.seats);
}

Bytes Codec<StartDriver>::encode(const StartDriver& message) {
  return encode_capnp<schema::StartDriver>(
      [&](schema::StartDriver::Builder out) { write_start(message, out); });
}

Result<StartDriver> Codec<StartDriver>::decode(ByteView bytes) {
  using Schema = schema::StartDriver;
  return decode_capnp<Schema, StartDriver>(bytes, [](Schema::Reader in) { return read_start(in); });
}

std::size_t Codec<CheckFiles>::size(const CheckFiles& message) {
  std::size_t size = sizeof message;
  for (const FileCheck& file : message.files) size += sizeof file + file.path.size();
  return size;
}

Bytes Codec<CheckFiles>::encode(const CheckFiles& message) {
  return encode_capnp<schema::CheckFiles>([&](schema::CheckFiles::Builder out) {
    auto files = out.initFiles(static_cast<unsigned>(message.files.size()));
    for (unsigned i = 0; i < files.size(); ++i) {
      files[i].setPath(message.files[i].path);
      files[i].setBytes(message.files[i].bytes);
    }
  });
}

Result<CheckFiles> Codec<CheckFiles>::decode(ByteView bytes) {
  using Schema = schema::CheckFiles;
  return decode_capnp<Schema, CheckFiles>(bytes, [](Schema::Reader in) {
    CheckFiles message;
    for (auto file : in.getFiles())
      message.files.push_back({text_of(file.getPath()), file.getBytes()});
    return message;
  });
}

std::size_t Codec<FilesChecked>::size(const FilesChecked& message) {
  std::size_t size = sizeof message;
  for (const std::string& problem : message.problems) size += problem.size();
  return size;
}

Bytes Codec<FilesChecked>::encode(const FilesChecked& message) {
  return encode_capnp<schema::FilesChecked>([&](schema::FilesChecked::Builder out) {
    auto problems = out.initProblems(static_cast<unsigned>(message.problems.size()));
    for (unsigned i = 0; i < problems.size(); ++i) problems.set(i, message.problems[i]);
  });
}

Result<FilesChecked> Codec<FilesChecked>::decode(ByteView bytes) {
  using Schema = schema::FilesChecked;
  return decode_capnp<Schema, FilesChecked>(bytes, [](Schema::Reader in) {
    FilesChecked message;
    for (auto problem : in.getProblems()) message.problems.push_back(text_of(problem));
    return message;
  });
}

std::size_t Codec<StopDriver>::size(const StopDriver& message) {
  return sizeof message;
}

Bytes Codec<StopDriver>::encode(const StopDriver& message) {
  return encode_capnp<schema::StopDriver>([&](schema::StopDriver::Builder out) {
    out.setJob(message.job);
    out.setAttempt(message.attempt);
    out.setPatience(message.patience.count());
  });
}

Result<StopDriver> Codec<StopDriver>::decode(ByteView bytes) {
  using Schema = schema::StopDriver;
  return decode_capnp<Schema, StopDriver>(bytes, [](Schema::Reader in) {
    return StopDriver{in.getJob(), in.getAttempt(), Duration(in.getPatience())};
  });
}

std::size_t Codec<DriverEnded>::size(const DriverEnded& message) {
  return size_of(message.end);
}

Bytes Codec<DriverEnded>::encode(const DriverEnded& message) {
  return encode_capnp<schema::DriverEnded>([&](schema::DriverEnded::Builder out) {
    out.setJob(message.job);
    out.setAttempt(message.attempt);
    write_end(message.end, out.initEnd());
  });
}

Result<DriverEnded> Codec<DriverEnded>::decode(ByteView bytes) {
  using Schema = schema::DriverEnded;
  return decode_capnp<Schema, DriverEnded>(bytes, [](Schema::Reader in) {
    return DriverEnded{in.getJob(), in.getAttempt(), read_end(in.getEnd())};
  });
}

std::size_t Codec<FindSeat>::size(const FindSeat& message) {
  return sizeof message;
}

Bytes Codec<FindSeat>::encode(const FindSeat& message) {
  return encode_capnp<schema::FindSeat>([&](schema::FindSeat::Builder out) {
    out.setJob(message.job);
    out.setAttempt(message.attempt);
    out.setWorker(message.worker);
    out.setLost(message.lost);
  });
}

Result<FindSeat> Codec<FindSeat>::decode(ByteView bytes) {
  using Schema = schema::FindSeat;
  return decode_capnp<Schema, FindSeat>(bytes, [](Schema::Reader in) {
    return FindSeat{in.getJob(), in.getAttempt(), text_of(in.getWorker()), text_of(in.getLost())};
  });
}

std::size_t Codec<FoundSeat>::size(const FoundSeat& message) {
  return sizeof message;
}

Bytes Codec<FoundSeat>::encode(const FoundSeat& message) {
  return encode_capnp<schema::FoundSeat>([&](schema::FoundSeat::Builder out) {
    out.setNode(message.node);
    out.setAddress(message.address);
    out.setWaitingFor(message.waiting_for);
    write_devices(message.devices, out.initDevices(static_cast<unsigned>(message.devices.size())));
    out.setWorker(message.worker);
  });
}

Result<FoundSeat> Codec<FoundSeat>::decode(ByteView bytes) {
  using Schema = schema::FoundSeat;
  return decode_capnp<Schema, FoundSeat>(bytes, [](Schema::Reader in) {
    return FoundSeat{text_of(in.getNode()), text_of(in.getAddress()), text_of(in.getWaitingFor()),
        read_devices(in.getDevices()), text_of(in.getWorker())};
  });
}

std::size_t Codec<SeatWorkers>::size(const SeatWorkers& message) {
  return sizeof message + size_of(message.seats);
}

Bytes Codec<SeatWorkers>::encode(const SeatWorkers& message) {
  return encode_capnp<schema::SeatWorkers>([&](schema::SeatWorkers::Builder out) {
    out.setJob(message.job);
    out.setAttempt(message.attempt);
    out.setNumber(message.number);
    write_seats(message.seats, out.initSeats(static_cast<unsigned>(message.seats.size())));
  });
}

Result<SeatWorkers> Codec<SeatWorkers>::decode(ByteView bytes) {
  using Schema = schema::SeatWorkers;
  return decode_capnp<Schema, SeatWorkers>(bytes, [](Schema::Reader in) {
    return SeatWorkers{in.getJob(), in.getAttempt(), in.getNumber(), read_seats(in.getSeats())};
  });
}

std::size_t Codec<WorkersSeated>::size(const WorkersSeated& message) {
  return sizeof message;
}

Bytes Codec<WorkersSeated>::encode(const WorkersSeated& message) {
  return encode_capnp<schema::WorkersSeated>([&](schema::WorkersSeated::Builder out) {
    out.setJob(message.job);
    out.setAttempt(message.attempt);
    out.setNumber(message.number);
  });
}

Result<WorkersSeated> Codec<WorkersSeated>::decode(ByteView bytes) {
  using Schema = schema::WorkersSeated;
  return decode_capnp<Schema, WorkersSeated>(bytes, [](Schema::Reader in) {
    return WorkersSeated{in.getJob(), in.getAttempt(), in.getNumber()};
  });
}

std::size_t Codec<NodeLeaves>::size(const NodeLeaves& message) {
  return sizeof message;
}

Bytes Codec<NodeLeaves>::encode(const NodeLeaves&) {
  return encode_capnp<schema::NodeLeaves>([](schema::NodeLeaves::Builder) {});
}

Result<NodeLeaves> Codec<NodeLeaves>::decode(ByteView bytes) {
  using Schema = schema::NodeLeaves;
  return decode_capnp<Schema, NodeLeaves>(bytes, [](Schema::Reader) { return NodeLeaves{}; });
}

std::size_t Codec<AskHead>::size(const AskHead& message) {
  return sizeof message + message.request.size() + message.data.size();
}

Bytes Codec<AskHead>::encode(const AskHead& message) {
  return encode_capnp<schema::AskHead>([&](schema::AskHead::Builder out) {
    out.setWhat(message.what);
    out.setRequest(message.request);
    out.setData(as_data(message.data));
  });
}

Result<AskHead> Codec<AskHead>::decode(ByteView bytes) {
  using Schema = schema::AskHead;
  return decode_capnp<Schema, AskHead>(bytes, [](Schema::Reader in) {
    return AskHead{text_of(in.getWhat()), text_of(in.getRequest()), bytes_of(in.getData())};
  });
}

std::size_t Codec<HeadAnswer>::size(const HeadAnswer& message) {
  return sizeof message + message.answer.size() + message.data.size();
}

Bytes Codec<HeadAnswer>::encode(const HeadAnswer& message) {
  return encode_capnp<schema::HeadAnswer>([&](schema::HeadAnswer::Builder out) {
    out.setAnswer(message.answer);
    out.setData(as_data(message.data));
  });
}

Result<HeadAnswer> Codec<HeadAnswer>::decode(ByteView bytes) {
  using Schema = schema::HeadAnswer;
  return decode_capnp<Schema, HeadAnswer>(bytes, [](Schema::Reader in) {
    return HeadAnswer{text_of(in.getAnswer()), bytes_of(in.getData())};
  });
}

Bytes encode_driver_setup(const DriverSetup& setup) {
  return encode_capnp<schema::DriverSetup>([&](schema::DriverSetup::Builder out) {
    write_start(setup.start, out.initStart());
    out.setNumber(setup.number);
    out.setNode(setup.node);
    out.setNodeActor(setup.node_actor);
    out.setNodeName(setup.node_name);
    out.setNodeAddress(setup.node_address);
  });
}

Result<DriverSetup> decode_driver_setup(ByteView bytes) {
  using Schema = schema::DriverSetup;
  return decode_capnp<Schema, DriverSetup>(bytes, [](Schema::Reader in) {
    return DriverSetup{.start = read_start(in.getStart()),
        .number = in.getNumber(),
        .node = in.getNode(),
        .node_actor = in.getNodeActor(),
        .node_name = text_of(in.getNodeName()),
        .node_address = text_of(in.getNodeAddress())};
  });
}

}  // namespace tramontane
