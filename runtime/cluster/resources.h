#pragma once
// What this machine has for a node to offer, as far as this process may use it.
//
//   Resources resources = find_resources();
//
// `root` is put before /proc and /sys. Thread rule: any.

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

struct Resources {
  std::int64_t cpu_milli = 0;  // processors that it may run on, less what control groups withhold
  std::int64_t memory = 0;     // bytes: the machine's, or the least limit of its control groups
};

Resources find_resources(const std::string& root = "");

// "8G", "512M", "1.5T"; a plain number is bytes. 0 if it is none.
std::int64_t parse_bytes(const std::string& text);

// What makes a process see these of the node's GPUs and no others, by their numbers in what the
// node offers. `visible`: what the node sees itself, as CUDA_VISIBLE_DEVICES says; null: all.
std::vector<std::string> device_environment(
    const std::vector<std::uint32_t>& devices, const char* visible);
std::vector<std::string> device_environment(const std::vector<std::uint32_t>& devices);

}  // namespace tramontane
