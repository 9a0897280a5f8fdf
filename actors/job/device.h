#pragma once
// The devices that a job graph names: "auto", "cpu", "cuda:0".
//
//   auto problem = device_problem("cuda:0");  // empty: there is an engine for it here
//
// Any thread.

#include <string>

namespace tramontane {

// Why nothing computes there, with the remedy; empty if something does. Generators and trainer
// compute on the CPU: a CUDA device has kernels (kernels/cuda/) and no engine.
std::string device_problem(const std::string& name);

}  // namespace tramontane
