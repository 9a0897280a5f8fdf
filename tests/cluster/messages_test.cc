// What the processes of a cluster say to each other arrives as it was said.
#include "runtime/cluster/messages.h"

#include "runtime/base/check.h"
#include "runtime/base/random.h"

#include <limits>
#include <set>
#include <tuple>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// ---- all fields of each, so that none is forgotten by a codec
// ------------------------------------

auto fields(const ProcessEnd& m) {
  return std::tie(m.end.status, m.end.signalled, m.end.signal, m.end.exit_code,
      m.end.peak_memory_bytes, m.end.cpu_seconds, m.last_lines);
}

auto fields(const DriverState& m) {
  return std::tuple_cat(std::tie(m.job, m.attempt, m.pid, m.ended), fields(m.end));
}

auto fields(const WorkerSeat& m) {
  return std::tie(m.worker, m.node, m.address, m.devices);
}

auto fields(const CheckFiles& m) {
  return std::tie(m.files);
}

auto fields(const FilesChecked& m) {
  return std::tie(m.problems);
}

template <class T>
auto all_fields(const std::vector<T>& each) {
  std::vector<decltype(fields(each[0]))> out;
  for (const T& one : each) out.push_back(fields(one));
  return out;
}

auto fields(const StartWorker& m) {
  return std::tie(m.process, m.setup, m.devices);
}

auto fields(const ProcessStarted& m) {
  return std::tie(m.pid);
}

auto fields(const KillWorker& m) {
  return std::tie(m.process);
}

auto fields(const ConnectWorkers& m) {
  return std::tie(m.one, m.to_one, m.other, m.to_other, m.other_address);
}

auto fields(const MeetNode& m) {
  return std::tie(m.address);
}

auto fields(const MeetingFailed& m) {
  return std::tie(m.address, m.why);
}

auto fields(const WorkerGone& m) {
  return std::tuple_cat(std::tie(m.process), fields(m.end));
}

auto fields(const JoinCluster& m) {
  return std::tuple_cat(std::tie(m.name, m.process, m.address, m.cpu_milli, m.memory, m.gpus,
                            m.labels, m.instruction_set, m.home, m.host),
      std::make_tuple(all_fields(m.drivers)));
}

auto fields(const Welcomed& m) {
  return std::tie(m.node);
}

auto fields(const StartDriver& m) {
  return std::tuple_cat(
      std::tie(m.job, m.attempt, m.name, m.folder, m.graph), std::make_tuple(all_fields(m.seats)));
}

auto fields(const StopDriver& m) {
  return std::tie(m.job, m.attempt, m.patience);
}

auto fields(const DriverEnded& m) {
  return std::tuple_cat(std::tie(m.job, m.attempt), fields(m.end));
}

auto fields(const FindSeat& m) {
  return std::tie(m.job, m.attempt, m.worker, m.lost);
}

auto fields(const FoundSeat& m) {
  return std::tie(m.node, m.address, m.waiting_for, m.devices, m.worker);
}

auto fields(const SeatWorkers& m) {
  return std::tuple_cat(std::tie(m.job, m.attempt, m.number), std::make_tuple(all_fields(m.seats)));
}

auto fields(const WorkersSeated& m) {
  return std::tie(m.job, m.attempt, m.number);
}

auto fields(const SeekSeat& m) {
  return std::tie(m.worker, m.lost);
}

auto fields(const NodeLeaves&) {
  return std::tuple<>();
}

auto fields(const AskHead& m) {
  return std::tie(m.what, m.request, m.data);
}

auto fields(const HeadAnswer& m) {
  return std::tie(m.answer, m.data);
}

// ---- at random
// -----------------------------------------------------------------------------------

struct Chance {
  template <class T>
  T number() {
    switch (random.below(4)) {
      case 0:
        return std::numeric_limits<T>::min();
      case 1:
        return std::numeric_limits<T>::max();
      default:
        return static_cast<T>(random.below(1 << 20));
    }
  }

  // Any bytes but NUL, where a text of Cap'n Proto ends.
  std::string text() {
    std::string out;
    for (std::uint64_t left = random.below(20); left > 0; --left)
      out += static_cast<char>(1 + random.below(255));
    return out;
  }

  Bytes bytes() {
    Bytes out(random.below(40));
    for (std::byte& each : out) each = static_cast<std::byte>(random.below(256));
    return out;
  }

  bool coin() { return random.below(2) == 0; }

  ProcessEnd end() {
    ProcessEnd end{{.status = number<int>(),
                       .signalled = coin(),
                       .signal = number<int>(),
                       .exit_code = number<int>(),
                       .peak_memory_bytes = number<std::uint64_t>(),
                       .cpu_seconds = random.uniform() * 1e6},
        {}};
    for (std::uint64_t left = random.below(4); left > 0; --left) end.last_lines.push_back(text());
    return end;
  }

  JoinCluster join() {
    JoinCluster join{.name = text(),
        .process = number<ProcessId>(),
        .address = text(),
        .cpu_milli = number<std::int64_t>(),
        .memory = number<std::int64_t>(),
        .gpus = number<std::uint32_t>(),
        .instruction_set = number<std::uint8_t>(),
        .home = text(),
        .host = text()};
    for (std::uint64_t left = random.below(4); left > 0; --left) {
      join.labels[text()] = text();
      join.drivers.push_back(
          {number<std::uint64_t>(), number<std::uint32_t>(), number<int>(), coin(), end()});
    }
    return join;
  }

  StartDriver start() {
    StartDriver start{.job = number<std::uint64_t>(),
        .attempt = number<std::uint32_t>(),
        .name = text(),
        .folder = text(),
        .graph = text()};
    start.seats = seats();
    return start;
  }

  std::vector<std::uint32_t> devices() {
    std::vector<std::uint32_t> devices(random.below(4));
    for (std::uint32_t& device : devices) device = number<std::uint32_t>();
    return devices;
  }

  std::vector<WorkerSeat> seats() {
    std::vector<WorkerSeat> seats;
    for (std::uint64_t left = random.below(4); left > 0; --left)
      seats.push_back({text(), text(), text(), devices()});
    return seats;
  }

  Random random;
};

template <class M>
void travels(const M& said) {
  Bytes bytes = Codec<M>::encode(said);
  auto heard = Codec<M>::decode(bytes);
  INFO(std::string(Codec<M>::name));
  REQUIRE(heard.has_value());
  CHECK(fields(*heard) == fields(said));
  // What is cut off is an error, or a shorter message that is well-formed; never a crash.
  for (std::size_t size = 0; size < bytes.size(); size += 8)
    std::ignore = Codec<M>::decode(ByteView(bytes).first(size));
}

}  // namespace

TEST_CASE("every message of a cluster arrives as it was said, whatever its values") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed ", seed);
    Chance any{Random(seed)};
    auto process = [&] { return any.number<ProcessId>(); };
    travels(StartWorker{process(), any.bytes(), any.devices()});
    travels(ProcessStarted{any.number<int>()});
    travels(KillWorker{process()});
    travels(ConnectWorkers{process(), any.bytes(), process(), any.bytes(), any.text()});
    travels(MeetNode{any.text()});
    travels(MeetingFailed{any.text(), any.text()});
    travels(WorkerGone{process(), any.end()});
    travels(any.join());
    travels(Welcomed{any.number<std::uint64_t>()});
    travels(any.start());
    travels(StopDriver{any.number<std::uint64_t>(), any.number<std::uint32_t>(),
        Duration(any.number<std::int64_t>())});
    travels(DriverEnded{any.number<std::uint64_t>(), any.number<std::uint32_t>(), any.end()});
    travels(
        FindSeat{any.number<std::uint64_t>(), any.number<std::uint32_t>(), any.text(), any.text()});
    travels(FoundSeat{any.text(), any.text(), any.text(), any.devices(), any.text()});
    travels(SeatWorkers{any.number<std::uint64_t>(), any.number<std::uint32_t>(),
        any.number<std::uint64_t>(), any.seats()});
    travels(WorkersSeated{
        any.number<std::uint64_t>(), any.number<std::uint32_t>(), any.number<std::uint64_t>()});
    travels(SeekSeat{any.text(), any.text()});
    travels(CheckFiles{{{any.text(), any.number<std::uint64_t>()}, {any.text(), 0}}});
    travels(FilesChecked{{any.text(), any.text()}});
    travels(NodeLeaves{});
    travels(AskHead{any.text(), any.text(), any.bytes()});
    travels(HeadAnswer{any.text(), any.bytes()});
  }
}

TEST_CASE("a visitor's purpose and a driver's setup are read as they were written") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed ", seed);
    Chance any{Random(seed)};
    VisitPurpose purpose{any.number<ProcessId>(), any.number<std::uint64_t>(),
        any.number<ActorId>(), any.number<ProcessId>(), any.bytes()};
    auto read = decode_purpose(encode_purpose(purpose));
    REQUIRE(read.has_value());
    CHECK(read->driver == purpose.driver);
    CHECK(read->job == purpose.job);
    CHECK(read->actor == purpose.actor);
    CHECK(read->process == purpose.process);
    CHECK(read->introduction == purpose.introduction);
    DriverSetup setup{any.start(), any.number<ProcessId>(), any.number<ProcessId>(),
        any.number<ActorId>(), any.text(), any.text()};
    auto given = decode_driver_setup(encode_driver_setup(setup));
    REQUIRE(given.has_value());
    CHECK(fields(given->start) == fields(setup.start));
    CHECK(given->number == setup.number);
    CHECK(given->node == setup.node);
    CHECK(given->node_actor == setup.node_actor);
    CHECK(given->node_name == setup.node_name);
    CHECK(given->node_address == setup.node_address);
  }
}

TEST_CASE("numbers that are drawn are of their ranges, and are others each time") {
  std::set<ProcessId> drawn;
  for (int i = 0; i < 1'000; ++i) {
    ProcessId client = draw_client_number();
    ProcessId driver = draw_driver_number();
    ProcessId node = draw_node_number();
    CHECK(client >= 0x20000000);
    CHECK(client < 0x40000000);
    CHECK(driver >= 0x40000000);
    CHECK(driver < 0x60000000);
    CHECK(node >= 0x80000000);
    CHECK(node < 0xa0000000);
    drawn.insert({client, driver, node});
  }
  CHECK(drawn.size() > 2'990);
}
