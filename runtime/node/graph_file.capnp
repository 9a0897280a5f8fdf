@0xc5d8e21f7b4a9036;
# A graph file: actors of any kinds, and who asks whom. The YAML file that a user writes is decoded
# into this schema, so this page is its reference: names are written lower_snake there, and what the
# file does not say has the default given here. `tram kinds` lists the kinds.

using Cxx = import "/capnp/c++.capnp";
using Config = import "/runtime/config/doc.capnp";
$Cxx.namespace("tramontane::schema");

struct GraphFile {
  name @0 :Text = "graph" $Config.doc("what the run is called in listings and folder names");
  seed @1 :UInt64 = 0 $Config.doc("every random draw of the actors derives from it");
  until @2 :Text $Config.doc("the job has ended when this actor has ended by itself (where it has a count: all of them); nothing: when every actor has");
  actors @3 :List(GraphFileActor) $Config.doc("who there is, by name, in the order of starting; they stop in the opposite order");
}

struct GraphFileActor {
  name @0 :Text $Config.doc("what others call it: letters, digits, '_' and '-', a letter first");
  kind @1 :Text $Config.doc("what it is: one of those that tram kinds lists");
  count @2 :UInt32 = 1 $Config.doc("how many there are; several are called NAME/0, NAME/1, …") $Config.least(1) $Config.most(256);
  isolation @3 :Isolation = ofKind $Config.doc("where it lives");
  worker @4 :Text $Config.doc("with isolation process: actors that name the same worker share one process; nothing: a process each");
  threads @5 :Int32 = -1 $Config.doc("of a pool of its own, each; 0: it shares the pool \"main\" of one thread; -1: as its kind has it") $Config.least(-1) $Config.most(64);
  mailbox @6 :MailboxOptions $Config.doc("how much may wait for it");
  restart @7 :RestartOptions $Config.doc("what becomes of it when it fails");
  options @8 :Text $Config.raw("the options of the actor's kind") $Config.doc("the options of its kind: tram kinds KIND");
  asks @9 :List(Asks) $Config.doc("by port of its kind: whom it is wired to");

  enum Isolation {
    ofKind @0 $Config.doc("as its kind has it");
    thread @1 $Config.doc("in this process");
    process @2 $Config.doc("in a process of its own, which may be killed");
  }
}

struct MailboxOptions {
  messages @0 :UInt32 = 0 $Config.doc("that may wait; 0: as its kind has it") $Config.most(1000000);
  megabytes @1 :Float64 = 0 $Config.doc("that may wait; 0: as its kind has it") $Config.least(0) $Config.most(65536);
}

struct RestartOptions {
  max @0 :Int32 = -1 $Config.doc("it is started again after so many failures, and the next one ends the job; 0: the first one does; -1: as its kind has it") $Config.least(-1) $Config.most(1000000);
  within @1 :Float64 = 0 $Config.doc("seconds: older failures do not count; 0: as its kind has it") $Config.least(0) $Config.most(31536000);
}

struct Asks {
  name @0 :Text $Config.doc("of the port");
  to @1 :List(Text) $Config.commas $Config.doc("names of actors; one with a count means all of them where the port takes many, else the one whose number is this actor's modulo that count");
}
