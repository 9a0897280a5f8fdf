@0xd7c0a4e19b3f5628;
# Options of the kind `metronome` (main.cc).

using Cxx = import "/capnp/c++.capnp";
using Config = import "/runtime/config/doc.capnp";
$Cxx.namespace("embed::schema");

struct Metronome {
  beats @0 :UInt32 = 4 $Config.doc("after which it ends") $Config.least(1);
  every @1 :UInt32 = 20 $Config.doc("milliseconds between two of them") $Config.least(1);
}
