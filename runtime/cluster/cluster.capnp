@0xb84de2097c51fa63;
# What the processes of a cluster say to each other: head, nodes, drivers, clients. Workers know
# nothing of it: what is between workers, and between a driver and its workers, is runtime/node's.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tramontane::schema");

struct LabelSetup {
  key @0 :Text;
  value @1 :Text;
}

struct ProcessEnd {
  # How a process ended.
  status @0 :Int32;
  signalled @1 :Bool;
  signal @2 :Int32;
  exitCode @3 :Int32;
  peakMemory @4 :UInt64;
  cpuSeconds @5 :Float64;
  lastLines @6 :List(Text);
}

# ---- a driver to nodes -------------------------------------------------------------------------

struct StartWorker @0xc3a1d5e70f294b01 {
  process @0 :UInt32;     # its number in the job
  setup @1 :Data;         # runtime/node/node.capnp, WorkerSetup
  devices @2 :List(UInt32);  # of the node's GPUs: it sees these alone
}

struct ProcessStarted @0xc3a1d5e70f294b02 {
  pid @0 :Int32;
}

struct KillWorker @0xc3a1d5e70f294b03 {
  process @0 :UInt32;
}

struct ConnectWorkers @0xc3a1d5e70f294b04 {
  # `one` is of the node that is asked; 0 is the driver itself. Each introduction is for the process
  # of its name.
  one @0 :UInt32;
  toOne @1 :Data;         # runtime/node/node.capnp, Introduction
  other @2 :UInt32;
  toOther @3 :Data;
  otherAddress @4 :Text;  # of the node that has it; empty: the same
}

struct MeetNode @0xc3a1d5e70f294b05 {
  # Asks the driver's own node for a connection to another, which comes with an introduction.
  address @0 :Text;
}

# ---- nodes to a driver -------------------------------------------------------------------------

struct MeetingFailed @0xc3a1d5e70f294b06 {
  address @0 :Text;
  why @1 :Text;
}

struct WorkerGone @0xc3a1d5e70f294b07 {
  process @0 :UInt32;
  end @1 :ProcessEnd;
}

# ---- between nodes -----------------------------------------------------------------------------

struct VisitPurpose {
  # What a node connects to another for, on behalf of one of its drivers.
  driver @0 :UInt32;       # its number
  job @1 :UInt64;
  actor @2 :UInt64;        # the driver's, which hears of its workers; 0: it is about a worker
  process @3 :UInt32;      # else the worker's number
  introduction @4 :Data;   # and what it is told
}

# ---- the head and nodes ------------------------------------------------------------------------

struct DriverState {
  job @0 :UInt64;
  attempt @1 :UInt32;
  pid @2 :Int32;
  ended @3 :Bool;
  end @4 :ProcessEnd;
}

struct JoinCluster @0xc3a1d5e70f294b08 {
  name @0 :Text;
  process @1 :UInt32;
  address @2 :Text;
  cpuMilli @3 :Int64;
  memory @4 :Int64;
  gpus @5 :UInt32;
  labels @6 :List(LabelSetup);
  instructionSet @7 :UInt8;
  home @8 :Text;                   # where its files are: who shares it with the head has run directories
  drivers @9 :List(DriverState);   # of earlier orders, with the ends that nobody has taken note of
  host @10 :Text;                  # names the machine
}

struct NodeLeaves @0xc3a1d5e70f294b11 {
  # A node tells the head that it is about to end: what it has of jobs is to go elsewhere.
}

struct Welcomed @0xc3a1d5e70f294b09 {
  node @0 :UInt64;                 # its number at the head
}

struct Seat {
  worker @0 :Text;
  node @1 :Text;
  address @2 :Text;
  devices @3 :List(UInt32);
}

struct SeatWorkers @0xc3a1d5e70f294b12 {
  # To a driver, through its node: where its workers are to be from now on. Repeated until it says
  # that none of them runs elsewhere.
  job @0 :UInt64;
  attempt @1 :UInt32;
  number @2 :UInt64;      # of the decision
  seats @3 :List(Seat);   # of all workers
}

struct WorkersSeated @0xc3a1d5e70f294b13 {
  job @0 :UInt64;
  attempt @1 :UInt32;
  number @2 :UInt64;
}

struct SeekSeat @0xc3a1d5e70f294b14 {
  # A driver to its node: the node of this worker is lost.
  worker @0 :Text;
  lost @1 :Text;          # that node
}

struct StartDriver @0xc3a1d5e70f294b0a {
  job @0 :UInt64;
  attempt @1 :UInt32;
  name @2 :Text;
  folder @3 :Text;        # the run directory
  graph @4 :Text;         # the resolved job graph
  seats @5 :List(Seat);
}

struct FileCheck {
  path @0 :Text;
  bytes @1 :UInt64;
}

struct CheckFiles @0xc3a1d5e70f294b15 {
  # Asks a node whether it has these files, before a driver is started.
  files @0 :List(FileCheck);
}

struct FilesChecked @0xc3a1d5e70f294b16 {
  problems @0 :List(Text);  # of those that it has not, or of another size
}

struct StopDriver @0xc3a1d5e70f294b0b {
  job @0 :UInt64;
  attempt @1 :UInt32;
  patience @2 :Int64;     # nanoseconds, until it is killed
}

struct DriverEnded @0xc3a1d5e70f294b0c {
  job @0 :UInt64;
  attempt @1 :UInt32;
  end @2 :ProcessEnd;
}

struct FindSeat @0xc3a1d5e70f294b0d {
  # A node asks for one of its drivers.
  job @0 :UInt64;
  attempt @1 :UInt32;
  worker @2 :Text;
  lost @3 :Text;          # that node
}

struct FoundSeat @0xc3a1d5e70f294b0e {
  node @0 :Text;
  address @1 :Text;
  waitingFor @2 :Text;    # where there is none yet: for what
  devices @3 :List(UInt32);
  worker @4 :Text;
}

# ---- clients and the head ----------------------------------------------------------------------

struct AskHead @0xc3a1d5e70f294b0f {
  what @0 :Text;          # actors/cluster/head_answers.h has the list
  request @1 :Text;       # JSON
  data @2 :Data;          # a piece of a file, where it brings one
}

struct HeadAnswer @0xc3a1d5e70f294b10 {
  answer @0 :Text;        # JSON
  data @1 :Data;          # a piece of a file, where one was asked for
}

# ---- a driver's start --------------------------------------------------------------------------

struct DriverSetup {
  # What a driver is given when it starts, in a memfd.
  start @0 :StartDriver;
  number @1 :UInt32;      # its own
  node @2 :UInt32;        # that of its node
  nodeActor @3 :UInt64;
  nodeName @4 :Text;
  nodeAddress @5 :Text;
}
