@0x9b1f5e7a3c2d4608;
# What a configuration's schema can say of a field, one of each.

using Cxx = import "/capnp/c++.capnp";
using Config = import "/runtime/config/doc.capnp";
$Cxx.namespace("tramontane::schema");

struct Forms {
  file @0 :Text = "left.txt" $Config.file;
  files @1 :List(Text) $Config.file $Config.commas;
  words @2 :List(Text) $Config.commas;
  lines @3 :List(Text);
  parts @4 :List(Part);
}

struct Part {
  name @0 :Text;
  kind @1 :Text;
  options @2 :Text $Config.raw("the options of the part's kind");
}

struct Own {
  size @0 :UInt32 = 3 $Config.doc("how large") $Config.least(1);
  path @1 :Text $Config.file;
}
