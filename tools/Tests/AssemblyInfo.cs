using Microsoft.VisualStudio.TestTools.UnitTesting;

// Most tests wait for a clock or a process most of their time. A class has static state of its own, as the board's unit tests must, so its tests go one after another.
[assembly: Parallelize(Workers = 3, Scope = ExecutionScope.ClassLevel)]
