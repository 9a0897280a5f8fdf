@0xe0b91d3c5a7f4826;
# Options of the kinds of examples/wordcount.cc, and what its actors tell each other.

using Cxx = import "/capnp/c++.capnp";
using Config = import "/runtime/config/doc.capnp";
$Cxx.namespace("tramontane::schema");

struct FileReader {
  files @0 :Text $Config.file $Config.doc("a file, or several by a pattern: texts/*.txt");
}

struct WordCounter {
  letters @0 :UInt32 = 1 $Config.doc("shorter words do not count") $Config.least(1) $Config.most(100);
}

struct WordReport {
  file @0 :Text = "counts.txt" $Config.doc("what is written in the run's directory: a count and its word a line");
  top @1 :UInt32 = 5 $Config.doc("words that are also logged, the most frequent first") $Config.most(1000);
}

struct Counts @0xb3d5f7192c4e6a80 {
  words @0 :List(Text);
  counts @1 :List(UInt64);
}

struct AddWords @0xb3d5f7192c4e6a81 {
  counts @0 :Counts;
}

struct TakeCounts @0xb3d5f7192c4e6a82 {}

struct ReaderDone @0xb3d5f7192c4e6a83 {
  readers @0 :UInt32;
}
