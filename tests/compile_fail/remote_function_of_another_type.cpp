// SPDX-License-Identifier: BSL-1.0
// expect: conversion from
#include <troupe/troupe.hpp>

struct Actor {
  int add(int n);
};

void use(troupe::Proxy<Actor> actor) { troupe::RemoteFunction<int(long)> function = troupe::bind<&Actor::add>(actor); }
