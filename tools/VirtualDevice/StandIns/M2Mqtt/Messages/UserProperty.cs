namespace nanoFramework.M2Mqtt.Messages
{
    /// <summary>A name and a value of MQTT 5, which is not spoken here.</summary>
    public class UserProperty
    {
        /// <summary>Makes one.</summary>
        /// <param name="name">See <see cref="Name"/>.</param>
        /// <param name="value">See <see cref="Value"/>.</param>
        public UserProperty(string name, string value)
        {
            Name = name;
            Value = value;
        }

        /// <summary>Name.</summary>
        public string Name { get; set; }

        /// <summary>Value.</summary>
        public string Value { get; set; }
    }
}
