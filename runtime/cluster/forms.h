#pragma once
// Parts that several of a cluster's messages have, to and from their schema. For .cc files only.

#include "runtime/cluster/cluster.capnp.h"
#include "runtime/cluster/messages.h"
#include "runtime/wire/capnp_codec.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tramontane {

inline capnp::Data::Reader as_data(ByteView bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

inline Bytes bytes_of(capnp::Data::Reader in) {
  auto bytes = std::as_bytes(std::span(in.begin(), in.size()));
  return {bytes.begin(), bytes.end()};
}

inline std::size_t size_of(const ProcessEnd& end) {
  std::size_t size = sizeof end;
  for (const std::string& line : end.last_lines) size += line.size();
  return size;
}

inline void write_end(const ProcessEnd& end, schema::ProcessEnd::Builder out) {
  out.setStatus(end.end.status);
  out.setSignalled(end.end.signalled);
  out.setSignal(end.end.signal);
  out.setExitCode(end.end.exit_code);
  out.setPeakMemory(end.end.peak_memory_bytes);
  out.setCpuSeconds(end.end.cpu_seconds);
  auto lines = out.initLastLines(static_cast<unsigned>(end.last_lines.size()));
  for (unsigned i = 0; i < lines.size(); ++i) lines.set(i, end.last_lines[i]);
}

inline ProcessEnd read_end(schema::ProcessEnd::Reader in) {
  ProcessEnd end;
  end.end.status = in.getStatus();
  end.end.signalled = in.getSignalled();
  end.end.signal = in.getSignal();
  end.end.exit_code = in.getExitCode();
  end.end.peak_memory_bytes = in.getPeakMemory();
  end.end.cpu_seconds = in.getCpuSeconds();
  for (auto line : in.getLastLines()) end.last_lines.push_back(text_of(line));
  return end;
}

inline void write_devices(
    const std::vector<std::uint32_t>& devices, capnp::List<std::uint32_t>::Builder out) {
  for (unsigned i = 0; i < devices.size(); ++i) out.set(i, devices[i]);
}

inline std::vector<std::uint32_t> read_devices(capnp::List<std::uint32_t>::Reader in) {
  std::vector<std::uint32_t> devices;
  for (std::uint32_t device : in) devices.push_back(device);
  return devices;
}

}  // namespace tramontane
