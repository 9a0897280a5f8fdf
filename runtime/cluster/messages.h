#pragma once
// What the processes of a cluster say to each other (cluster.capnp), as values.
//
//   head     one of a cluster: knows nodes and jobs, places, starts and stops drivers
//   node     one of a host or several: starts drivers and workers, watches them, connects them
//   driver   one of each job that runs: what `tram run` is on one machine, its workers on nodes
//   client   a command of the shell
//
// Numbers of processes: those that are not workers draw theirs, once each life, so that what was
// meant for an earlier life reaches nobody.

#include "runtime/base/bytes.h"
#include "runtime/base/clock.h"
#include "runtime/link/session.h"
#include "runtime/node/child.h"
#include "runtime/wire/message.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tramontane {

inline constexpr ProcessId head_process = 0x10000000;
ProcessId draw_client_number();  // from 0x20000000
ProcessId draw_driver_number();  // from 0x40000000
ProcessId draw_node_number();    // from 0x80000000

// The first actor of such a process is whom others talk to.
constexpr ActorId speaker_of(ProcessId process) {
  return first_id_of(process);
}

// How a process ended, and the last lines of its log.
struct ProcessEnd {
  ChildEnd end;
  std::vector<std::string> last_lines;
};

struct ProcessStarted {
  int pid = 0;
};

struct StartWorker {
  using Reply = ProcessStarted;
  ProcessId process = 0;
  Bytes setup;
  std::vector<std::uint32_t> devices;
};

struct KillWorker {
  ProcessId process = 0;
};

struct ConnectWorkers {
  ProcessId one = 0;
  Bytes to_one;
  ProcessId other = 0;
  Bytes to_other;
  std::string other_address;
};

struct MeetNode {
  std::string address;
};

struct MeetingFailed {
  std::string address;
  std::string why;
};

struct WorkerGone {
  ProcessId process = 0;
  ProcessEnd end;
};

struct VisitPurpose {
  ProcessId driver = 0;
  std::uint64_t job = 0;
  ActorId actor = 0;
  ProcessId process = 0;
  Bytes introduction;
};

Bytes encode_purpose(const VisitPurpose& purpose);
Result<VisitPurpose> decode_purpose(ByteView bytes);

struct DriverState {
  std::uint64_t job = 0;
  std::uint32_t attempt = 0;
  int pid = 0;
  bool ended = false;
  ProcessEnd end;
};

// The number that a head gives a node.
struct Welcomed {
  std::uint64_t node = 0;
};

struct JoinCluster {
  using Reply = Welcomed;
  std::string name;
  ProcessId process = 0;
  std::string address;
  std::int64_t cpu_milli = 0;
  std::int64_t memory = 0;
  std::uint32_t gpus = 0;
  std::map<std::string, std::string> labels;
  std::uint8_t instruction_set = 0;
  std::string home;
  std::vector<DriverState> drivers;
  std::string host;
};

// Where a worker is to run.
struct WorkerSeat {
  std::string worker;
  std::string node;
  std::string address;
  std::vector<std::uint32_t> devices;  // GPUs of the node
};

struct SeatWorkers {
  std::uint64_t job = 0;
  std::uint32_t attempt = 0;
  std::uint64_t number = 0;
  std::vector<WorkerSeat> seats;
};

struct WorkersSeated {
  std::uint64_t job = 0;
  std::uint32_t attempt = 0;
  std::uint64_t number = 0;
};

struct SeekSeat {
  std::string worker;
  std::string lost;
};

struct NodeLeaves {
  using Reply = void;
};

struct StartDriver {
  using Reply = ProcessStarted;
  std::uint64_t job = 0;
  std::uint32_t attempt = 0;
  std::string name;
  std::string folder;
  std::string graph;
  std::vector<WorkerSeat> seats;
};

struct FileCheck {
  std::string path;
  std::uint64_t bytes = 0;

  bool operator==(const FileCheck&) const = default;
};

struct FilesChecked {
  std::vector<std::string> problems;
};

struct CheckFiles {
  using Reply = FilesChecked;
  std::vector<FileCheck> files;
};

struct StopDriver {
  std::uint64_t job = 0;
  std::uint32_t attempt = 0;
  Duration patience{};
};

struct DriverEnded {
  using Reply = void;
  std::uint64_t job = 0;
  std::uint32_t attempt = 0;
  ProcessEnd end;
};

struct FoundSeat {
  std::string node;
  std::string address;
  std::string waiting_for;
  std::vector<std::uint32_t> devices;
  std::string worker;
};

struct FindSeat {
  using Reply = FoundSeat;
  std::uint64_t job = 0;
  std::uint32_t attempt = 0;
  std::string worker;
  std::string lost;
};

struct HeadAnswer {
  std::string answer;
  Bytes data;
};

struct AskHead {
  using Reply = HeadAnswer;
  std::string what;
  std::string request;
  Bytes data;
};

struct DriverSetup {
  StartDriver start;
  ProcessId number = 0;
  ProcessId node = 0;
  ActorId node_actor = 0;
  std::string node_name;
  std::string node_address;
};

Bytes encode_driver_setup(const DriverSetup& setup);
Result<DriverSetup> decode_driver_setup(ByteView bytes);

#define TRAM_CLUSTER_CODEC(M, type_id)           \
  template <>                                    \
  struct Codec<M> {                              \
    static constexpr std::uint64_t id = type_id; \
    static constexpr const char* name = #M;      \
    static Bytes encode(const M& message);       \
    static Result<M> decode(ByteView bytes);     \
    static std::size_t size(const M& message);   \
  }

TRAM_CLUSTER_CODEC(StartWorker, 0xc3a1d5e70f294b01);
TRAM_CLUSTER_CODEC(ProcessStarted, 0xc3a1d5e70f294b02);
TRAM_CLUSTER_CODEC(KillWorker, 0xc3a1d5e70f294b03);
TRAM_CLUSTER_CODEC(ConnectWorkers, 0xc3a1d5e70f294b04);
TRAM_CLUSTER_CODEC(MeetNode, 0xc3a1d5e70f294b05);
TRAM_CLUSTER_CODEC(MeetingFailed, 0xc3a1d5e70f294b06);
TRAM_CLUSTER_CODEC(WorkerGone, 0xc3a1d5e70f294b07);
TRAM_CLUSTER_CODEC(JoinCluster, 0xc3a1d5e70f294b08);
TRAM_CLUSTER_CODEC(Welcomed, 0xc3a1d5e70f294b09);
TRAM_CLUSTER_CODEC(StartDriver, 0xc3a1d5e70f294b0a);
TRAM_CLUSTER_CODEC(StopDriver, 0xc3a1d5e70f294b0b);
TRAM_CLUSTER_CODEC(DriverEnded, 0xc3a1d5e70f294b0c);
TRAM_CLUSTER_CODEC(FindSeat, 0xc3a1d5e70f294b0d);
TRAM_CLUSTER_CODEC(FoundSeat, 0xc3a1d5e70f294b0e);
TRAM_CLUSTER_CODEC(AskHead, 0xc3a1d5e70f294b0f);
TRAM_CLUSTER_CODEC(HeadAnswer, 0xc3a1d5e70f294b10);
TRAM_CLUSTER_CODEC(NodeLeaves, 0xc3a1d5e70f294b11);
TRAM_CLUSTER_CODEC(SeatWorkers, 0xc3a1d5e70f294b12);
TRAM_CLUSTER_CODEC(WorkersSeated, 0xc3a1d5e70f294b13);
TRAM_CLUSTER_CODEC(SeekSeat, 0xc3a1d5e70f294b14);
TRAM_CLUSTER_CODEC(CheckFiles, 0xc3a1d5e70f294b15);
TRAM_CLUSTER_CODEC(FilesChecked, 0xc3a1d5e70f294b16);

#undef TRAM_CLUSTER_CODEC

}  // namespace tramontane
