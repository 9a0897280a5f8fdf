#include "actors/rewards/code/compiler.h"

#include "runtime/base/check.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace tramontane::code {
namespace {

using sandbox::Ending;
using sandbox::Outcome;
using sandbox::Program;

constexpr std::size_t message_bytes_max = 2000;

// The same for the header and for who includes it, or GCC leaves it aside.
const std::vector<std::string> flags = {"-std=c++20", "-O2", "-w"};

Program compiler(std::uint32_t compile_ms) {
  Program program{.argv = {"/usr/bin/g++"}};
  program.argv.insert(program.argv.end(), flags.begin(), flags.end());
  program.limits = compile_limits(compile_ms);
  return program;
}

std::string cache_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    return std::string(cache) + "/tramontane";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::string(home) + "/.cache/tramontane";
  return (std::filesystem::temp_directory_path() / str("tramontane-", getuid())).string();
}

std::string first_words(std::string text) {
  if (text.size() > message_bytes_max) text.resize(message_bytes_max);
  return text;
}

}  // namespace

Compiler::Compiler(sandbox::Sandbox& sandbox, CompilerOptions options)
    : sandbox_(sandbox), options_(std::move(options)) {
  if (options_.cache.empty()) options_.cache = cache_folder();
  std::error_code error;
  options_.cache = std::filesystem::weakly_canonical(options_.cache, error).string();
}

std::shared_ptr<const Compiled> Compiler::compile(const std::string& source) {
  auto found = index_.find(source);
  if (found != index_.end()) {
    remembered_.splice(remembered_.begin(), remembered_, found->second);
    return found->second->compiled;
  }
  auto compiled = std::make_shared<const Compiled>(run(source));
  if (compiled->result != Compiled::Result::no_verdict) remember(source, compiled);
  return compiled;
}

void Compiler::remember(const std::string& source, std::shared_ptr<const Compiled> compiled) {
  auto size = [](const Remembered& one) {
    return one.source.size() + one.compiled->binary.size() + one.compiled->text.size();
  };
  remembered_.push_front({source, std::move(compiled)});
  index_[remembered_.front().source] = remembered_.begin();
  bytes_ += size(remembered_.front());
  while (bytes_ > options_.remembered_bytes && remembered_.size() > 1) {
    bytes_ -= size(remembered_.back());
    index_.erase(remembered_.back().source);
    remembered_.pop_back();
  }
}

sandbox::Limits compile_limits(std::uint32_t compile_ms) {
  return {.wall_ms = compile_ms * 2,
      .cpu_ms = compile_ms,
      .memory_bytes = 1500ull << 20,
      .processes = 32,
      .file_bytes = 256ull << 20};
}

bool was_starved(const sandbox::Outcome& outcome) {
  return outcome.ending == Ending::wall_limit && 2 * outcome.cpu_ms < outcome.wall_ms;
}

Compiled Compiler::run(const std::string& source) {
  std::string note;
  const std::string& folder = header(note);
  Program program = compiler(options_.compile_ms);
  if (!folder.empty()) {
    program.visible = {folder};
    program.argv.insert(program.argv.end(), {"-I", folder});
  }
  program.argv.insert(program.argv.end(), {"-s", "-o", "program", "main.cc"});
  if (source.find("<openssl/") != std::string::npos) program.argv.emplace_back("-lcrypto");
  program.files = {{"main.cc", source}};
  program.collect = {"program"};
  ++compilations_;
  Outcome outcome = sandbox_.run(std::move(program));
  if (outcome.ending == Ending::sandbox_error)
    return {Compiled::Result::no_verdict, "", "compiling: " + outcome.error};
  if (was_starved(outcome))
    return {Compiled::Result::no_verdict, "",
        str("compiling: the machine gave the compiler ", outcome.cpu_ms, " ms in ", outcome.wall_ms,
            " ms")};
  if (outcome.ending == Ending::ok && outcome.collected.size() == 1)
    return {Compiled::Result::done, std::move(outcome.collected[0].bytes), ""};
  std::string text = first_words(outcome.errors);
  if (outcome.ending != Ending::nonzero)
    text = str("the compiler: ", name(outcome.ending), "\n", text);
  return {Compiled::Result::refused, "", std::move(text)};
}

const std::string& Compiler::header(std::string& note) {
  if (!looked_for_header_) {
    looked_for_header_ = true;
    Program version{.argv = {"/usr/bin/g++", "-dumpfullversion"}};
    Outcome outcome = sandbox_.run(std::move(version));
    std::string number = outcome.output.substr(0, outcome.output.find('\n'));
    if (outcome.ending == Ending::ok && !number.empty())
      header_note_ = make_header(str(options_.cache, "/header-g++-", number, "-c++20-O2"));
    else
      header_note_ = outcome.error.empty() ? "g++ does not say its version" : outcome.error;
  }
  note = header_note_;
  return header_;
}

// Empty, or why there is none. Two processes may do this at once: the last one's file stays.
std::string Compiler::make_header(const std::string& folder) {
  std::error_code error;
  std::string file = folder + "/bits/stdc++.h.gch";
  if (std::filesystem::exists(file, error)) {
    header_ = folder;
    return "";
  }
  Program program = compiler(60'000);
  program.argv.insert(program.argv.end(), {"-x", "c++-header", "-o", "stdc++.h.gch", "stdc++.h"});
  program.files = {{"stdc++.h", "#include <bits/stdc++.h>\n"}};
  program.collect = {"stdc++.h.gch"};
  program.collect_bytes = 256ull << 20;
  Outcome outcome = sandbox_.run(std::move(program));
  if (outcome.ending != Ending::ok || outcome.collected.size() != 1)
    return str("precompiling bits/stdc++.h: ", name(outcome.ending), " ",
        outcome.error.empty() ? first_words(outcome.errors) : outcome.error);
  std::filesystem::create_directories(folder + "/bits", error);
  std::string made = str(file, ".", getpid());
  std::ofstream out(made, std::ios::binary);
  const std::string& bytes = outcome.collected[0].bytes;
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) std::filesystem::rename(made, file, error);
  if (!out || error) {
    std::filesystem::remove(made, error);
    return str("writing ", file, " failed; is the disk full?");
  }
  header_ = folder;
  return "";
}

}  // namespace tramontane::code
