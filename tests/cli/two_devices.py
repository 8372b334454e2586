"""The command line where TensorFlow takes the one CPU for two devices."""

import sys

import tensorflow as tf

from seqapps.cli import main

(cpu, *_) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
main(sys.argv[1:])
