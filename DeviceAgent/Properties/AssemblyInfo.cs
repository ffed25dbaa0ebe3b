using System.Reflection;

[assembly: AssemblyTitle("DeviceAgent")]
[assembly: AssemblyDescription("Device agent for .NET nanoFramework: AWS IoT Core fleet provisioning and telemetry")]
[assembly: AssemblyVersion("1.0.0.0")]
