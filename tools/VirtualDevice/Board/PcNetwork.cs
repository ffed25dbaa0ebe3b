using DeviceAgent.Board;

namespace VirtualDevice.Board;

/// <summary>The PC's network, which is up as far as anybody can tell before a connection is tried.</summary>
public sealed class PcNetwork : INetwork
{
    /// <inheritdoc/>
    public string? Connect(string? ssid, string? password, int timeoutSeconds) => null;
}
