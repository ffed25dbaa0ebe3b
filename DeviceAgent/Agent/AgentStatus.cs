using DeviceAgent.Identity;
using DeviceAgent.Telemetry;

namespace DeviceAgent.Agent
{
    /// <summary>What the agent knows of itself, for reports.</summary>
    public sealed class AgentStatus
    {
        /// <summary>Who the device is; <see langword="null"/> until it has been provisioned.</summary>
        public DeviceIdentity Identity;

        /// <summary>Its readings; <see langword="null"/> until it has been provisioned.</summary>
        public TelemetryPublisher Publisher;

        /// <summary>What went wrong last, in words; empty where nothing has since the start.</summary>
        public string LastError = "";

        /// <summary>Attempts to provision, to connect or to publish that have failed since one went through.</summary>
        public int FailedAttempts;

        /// <summary>The endpoint that it has connected to last with its own identity; <see langword="null"/> where it has not since the start.</summary>
        public string Endpoint;

        /// <summary>How often it has connected with its own identity since the start.</summary>
        public int Connections;
    }
}
