@0xb1f0c2a7d4e95836;
# Messages of the runtime itself.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tramontane::schema");

enum ExitCause {
  stopped @0;
  failed @1;
  killed @2;
}

struct ActorExited @0xe2a4c1d90f5b7a31 {
  # A life of a watched actor ended.
  actor @0 :UInt64;
  name @1 :Text;
  incarnation @2 :UInt32;
  cause @3 :ExitCause;
  text @4 :Text;       # what the exception said
  restarts @5 :Bool;   # a next incarnation follows
}
