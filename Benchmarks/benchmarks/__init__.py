"""Compares swift-caffe with other frameworks on the same nets, in alternating rounds on one machine."""
