using System;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>The power goes. Of no kind that the firmware expects, so that it comes through to the end of the agent.</summary>
    public sealed class PowerCutException : Exception
    {
        /// <summary>Makes one.</summary>
        public PowerCutException()
            : base("power cut")
        {
        }
    }
}
