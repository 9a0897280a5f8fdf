#include "actors/job/device.h"

#include "kernels/cuda/devices.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace tramontane {
namespace {

constexpr std::string_view cuda = "cuda:";

bool is_cuda(const std::string& name) {
  if (!name.starts_with(cuda) || name.size() == cuda.size() || name.size() > cuda.size() + 4)
    return false;
  return std::all_of(
      name.begin() + cuda.size(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

std::string device_problem(const std::string& name) {
  if (name == "auto" || name == "cpu") return "";
  if (!is_cuda(name)) return str("no device is called '", name, "'; give auto, cpu or cuda:N");
  auto cards = kernels::cuda::find_devices();
  std::string missing =
      !cards ? cards.error().text
      : std::stoul(name.substr(cuda.size())) >= cards->size()
          ? str("this machine has ", cards->size(), " of them")
          : std::string("this build has kernels for the card, and no engine that steps with them");
  return str("nothing computes on ", name, ": ", missing,
      "; give cpu (tram version --devices tells what is there)");
}

}  // namespace tramontane
