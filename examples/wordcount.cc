// The program `tram` with three kinds of actors of its own, which count the words of files:
//
//   wordcount run examples/wordcount.yaml
//   wordcount kinds file_reader
//
// A graph file names them, says how many there are, and wires them: readers share the files, each
// word has its counter, and the report asks the counters once every reader is done.
#include "actors/tram.h"
#include "examples/wordcount.capnp.h"
#include "runtime/config/options.h"
#include "runtime/node/kind.h"
#include "runtime/tramontane.h"
#include "runtime/wire/capnp_codec.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <functional>
#include <glob.h>
#include <map>
#include <utility>

using namespace tramontane;
using namespace std::chrono_literals;

using CountOf = std::map<std::string, std::uint64_t>;

struct Counts {
  CountOf of;
};

struct AddWords {
  CountOf of;
};

struct TakeCounts {
  using Reply = Counts;
};

struct ReaderDone {
  std::uint32_t readers = 0;  // that there are
};

namespace {

void put(schema::Counts::Builder out, const CountOf& counts) {
  auto words = out.initWords(static_cast<unsigned>(counts.size()));
  auto numbers = out.initCounts(static_cast<unsigned>(counts.size()));
  unsigned at = 0;
  for (const auto& [word, count] : counts) {
    words.set(at, word);
    numbers.set(at++, count);
  }
}

CountOf take(schema::Counts::Reader in) {
  auto words = in.getWords();  // once: what is read too often counts as an attack
  auto numbers = in.getCounts();
  if (words.size() != numbers.size()) throw Error(Errc::bad_input, "not a count for each word");
  CountOf counts;
  for (unsigned at = 0; at < words.size(); ++at) counts[words[at]] += numbers[at];
  return counts;
}

std::size_t size_of(const CountOf& counts) {
  std::size_t bytes = 16;
  for (const auto& [word, count] : counts) bytes += word.size() + 64;
  return bytes;
}

}  // namespace

// How each message is bytes, so that actors of two processes can tell it each other.
template <>
struct tramontane::Codec<Counts> {
  static constexpr std::uint64_t id = 0xb3d5f7192c4e6a80;
  static constexpr const char* name = "Counts";

  static Bytes encode(const Counts& message) {
    return encode_capnp<schema::Counts>([&](auto out) { put(out, message.of); });
  }

  static Result<Counts> decode(ByteView bytes) {
    return decode_capnp<schema::Counts, Counts>(bytes, [](auto in) { return Counts{take(in)}; });
  }

  static std::size_t size(const Counts& message) { return size_of(message.of); }
};

template <>
struct tramontane::Codec<AddWords> {
  static constexpr std::uint64_t id = 0xb3d5f7192c4e6a81;
  static constexpr const char* name = "AddWords";

  static Bytes encode(const AddWords& message) {
    return encode_capnp<schema::AddWords>([&](auto out) { put(out.initCounts(), message.of); });
  }

  static Result<AddWords> decode(ByteView bytes) {
    auto read = [](auto in) { return AddWords{take(in.getCounts())}; };
    return decode_capnp<schema::AddWords, AddWords>(bytes, read);
  }

  static std::size_t size(const AddWords& message) { return size_of(message.of); }
};

template <>
struct tramontane::Codec<TakeCounts> {
  static constexpr std::uint64_t id = 0xb3d5f7192c4e6a82;
  static constexpr const char* name = "TakeCounts";

  static Bytes encode(const TakeCounts&) {
    return encode_capnp<schema::TakeCounts>([](auto) {});
  }

  static Result<TakeCounts> decode(ByteView bytes) {
    return decode_capnp<schema::TakeCounts, TakeCounts>(bytes, [](auto) { return TakeCounts{}; });
  }

  static std::size_t size(const TakeCounts&) { return 8; }
};

template <>
struct tramontane::Codec<ReaderDone> {
  static constexpr std::uint64_t id = 0xb3d5f7192c4e6a83;
  static constexpr const char* name = "ReaderDone";

  static Bytes encode(const ReaderDone& message) {
    return encode_capnp<schema::ReaderDone>([&](auto out) { out.setReaders(message.readers); });
  }

  static Result<ReaderDone> decode(ByteView bytes) {
    auto read = [](auto in) { return ReaderDone{in.getReaders()}; };
    return decode_capnp<schema::ReaderDone, ReaderDone>(bytes, read);
  }

  static std::size_t size(const ReaderDone&) { return 16; }
};

namespace {

// Names of the files that match, in order.
std::vector<std::string> matching(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> names;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
    names.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (names.empty()) throw Error(Errc::bad_input, "no file is called " + pattern);
  return names;
}

// Adds the file's words: runs of the letters a to z, in small ones.
void count_words(const std::string& file, CountOf& counts) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Error(Errc::io, file + " cannot be read");
  std::string word;
  for (char c; in.get(c);) {
    char small = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (small >= 'a' && small <= 'z') {
      word += small;
    } else if (!word.empty()) {
      ++counts[word];
      word.clear();
    }
  }
  if (!word.empty()) ++counts[word];
}

// Reads its share of the files, one a step, and tells each counter its words.
class FileReader final : public Actor {
 public:
  struct Share {
    std::size_t index = 0;
    std::size_t readers = 1;
  };

  FileReader(std::string pattern, Share share, std::vector<ActorRef> counters, ActorRef report)
      : pattern_(std::move(pattern)),
        share_(share),
        counters_(std::move(counters)),
        report_(std::move(report)) {}

  Task<void> start() override {
    auto all = matching(pattern_);
    for (std::size_t i = share_.index; i < all.size(); i += share_.readers)
      files_.push_back(all[i]);
    co_return;
  }

  bool has_work() const override { return !done_; }

  Task<void> work() override {
    if (next_ < files_.size()) {
      CountOf counts;
      count_words(files_[next_], counts);
      log(Level::debug, files_[next_], {{"words", counts.size()}});
      ++next_;
      for (std::size_t i = 0; i < counters_.size(); ++i) {
        AddWords request;
        for (const auto& [word, count] : counts)
          if (std::hash<std::string>()(word) % counters_.size() == i) request.of[word] = count;
        auto added = co_await ask(counters_[i], give(request), 60s, "words to be counted");
        if (!added) throw Error(added.error().code, added.error().text);
      }
      co_return;
    }
    ReaderDone request{static_cast<std::uint32_t>(share_.readers)};
    auto heard = co_await ask(report_, request, 60s, "the report to hear of the end");
    if (!heard) throw Error(heard.error().code, heard.error().text);
    done_ = true;
    finish();
  }

 private:
  const std::string pattern_;
  const Share share_;
  const std::vector<ActorRef> counters_;
  const ActorRef report_;
  std::vector<std::string> files_;
  std::size_t next_ = 0;
  bool done_ = false;
};

// Counts the words that it is told. What it has counted dies with it: it is not started again.
class WordCounter final : public Actor {
 public:
  explicit WordCounter(std::size_t letters) : letters_(letters) {
    handle(&WordCounter::add);
    handle(&WordCounter::counts);
  }

  std::string holding() const override { return str("counts of ", counts_.size(), " words"); }

 private:
  void add(AddWords words) {
    for (const auto& [word, count] : words.of)
      if (word.size() >= letters_) counts_[word] += count;
  }

  Counts counts(TakeCounts) { return {counts_}; }

  const std::size_t letters_;
  CountOf counts_;
};

// Once every reader is done, writes what all counters have.
class WordReport final : public Actor {
 public:
  WordReport(std::string file, std::size_t top, std::vector<ActorRef> counters)
      : file_(std::move(file)), top_(top), counters_(std::move(counters)) {
    handle(&WordReport::reader_done);
  }

 private:
  Task<void> reader_done(ReaderDone message) {
    if (++done_ < message.readers) co_return;
    auto answers = co_await ask_all(counters_, TakeCounts{}, 60s, "what was counted");
    std::vector<std::pair<std::string, std::uint64_t>> all;
    for (auto& answer : answers) {
      if (!answer) throw Error(answer.error().code, answer.error().text);
      all.insert(all.end(), answer->of.begin(), answer->of.end());
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    write(all);
    for (std::size_t i = 0; i < std::min(top_, all.size()); ++i)
      log(Level::info, all[i].first, {{"count", all[i].second}});
    log(Level::info, "written", {{"file", file_}, {"words", all.size()}});
    finish();
  }

  void write(const std::vector<std::pair<std::string, std::uint64_t>>& counts) const {
    std::ofstream out(file_);
    for (const auto& [word, count] : counts) out << count << ' ' << word << '\n';
    if (!out.flush()) throw Error(Errc::io, file_ + " cannot be written");
  }

  const std::string file_;
  const std::size_t top_;
  const std::vector<ActorRef> counters_;
  std::uint32_t done_ = 0;
};

std::unique_ptr<Actor> make_reader(const KindContext& context) {
  ReadOptions<schema::FileReader> options(context.actor.options);
  const auto& readers = context.actor.asks.at("readers");
  auto own = std::find(readers.begin(), readers.end(), context.actor.name);
  if (own == readers.end())
    throw Error(Errc::bad_input, context.actor.name + " is not among its own readers");
  FileReader::Share share{static_cast<std::size_t>(own - readers.begin()), readers.size()};
  return std::make_unique<FileReader>(
      options->getFiles(), share, context.asks("counters"), context.ask("report"));
}

std::unique_ptr<Actor> make_counter(const KindContext& context) {
  ReadOptions<schema::WordCounter> options(context.actor.options);
  return std::make_unique<WordCounter>(options->getLetters());
}

std::unique_ptr<Actor> make_report(const KindContext& context) {
  ReadOptions<schema::WordReport> options(context.actor.options);
  std::string file = str(context.process.folder(), "/", std::string(options->getFile()));
  return std::make_unique<WordReport>(std::move(file), options->getTop(), context.asks("counters"));
}

Kinds kinds() {
  return {
      {.name = "file_reader",
          .doc = "reads files and tells counters their words, then the report that it is done",
          .ports = {{.name = "counters", .doc = "count words, each its own", .many = true},
              {.name = "report", .doc = "hears of the end"},
              {.name = "readers", .doc = "all that share the files, this one too", .many = true}},
          .options = OptionsSchema::of<schema::FileReader>(),
          .make = make_reader},
      {.name = "word_counter",
          .doc = "counts the words that it is told",
          .options = OptionsSchema::of<schema::WordCounter>(),
          .mailbox = {.messages = 64, .bytes = 16 << 20},
          .make = make_counter},
      {.name = "word_report",
          .doc = "writes all counts once every reader is done, and ends",
          .ports = {{.name = "counters", .doc = "have the counts", .many = true}},
          .options = OptionsSchema::of<schema::WordReport>(),
          .threads = 0,
          .make = make_report},
  };
}

}  // namespace

int main(int argc, char** argv) {
  return tram_main(argc, argv, {.kinds = kinds()});
}
