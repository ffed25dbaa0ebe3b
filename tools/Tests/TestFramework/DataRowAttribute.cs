namespace nanoFramework.TestFramework
{
    /// <summary>The arguments of one run of a test. Here the method needs <see cref="TestMethodAttribute"/> beside it.</summary>
    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    public class DataRowAttribute : Microsoft.VisualStudio.TestTools.UnitTesting.DataRowAttribute
    {
        /// <summary>Makes one.</summary>
        /// <param name="methodParameters">The arguments, at least one.</param>
        /// <exception cref="ArgumentException">There is none.</exception>
        public DataRowAttribute(params object[] methodParameters)
            : base(methodParameters)
        {
            ArgumentNullException.ThrowIfNull(methodParameters);
            if (methodParameters.Length == 0)
            {
                throw new ArgumentException("A board refuses a row without arguments.", nameof(methodParameters));
            }
        }

        /// <summary>The arguments.</summary>
        public object[] MethodParameters => Data;
    }
}
