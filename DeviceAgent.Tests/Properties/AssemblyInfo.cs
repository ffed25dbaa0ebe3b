using System.Reflection;

[assembly: AssemblyTitle("NFUnitTest")]
[assembly: AssemblyDescription("The device agent's unit tests, for the nanoFramework test runner")]
[assembly: AssemblyVersion("1.0.0.0")]
